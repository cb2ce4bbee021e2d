//! The operator's binary: parses the command line and runs one command.

fn main() -> anyhow::Result<()> {
    for crd in guarantor::api::crds() {
        print!("---\n{}", serde_saphyr::to_string(&crd)?);
    }
    Ok(())
}
