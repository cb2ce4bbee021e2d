# Removes what the testbed made in a cluster that is not its own. Read by a shell with these arguments:
kubectl=$0 folder=$1 label=$2 part=$3 claim=$4

export KUBECONFIG="$folder/kubeconfig" KUBECACHEDIR="$folder/cache"
k() { "$kubectl" --request-timeout=30s "$@"; }

# The operators have a moment to be gone: nobody puts a finalizer back then, and nobody is left to take one off.
sleep 1
k get servicelevelagreements.guarantor.dev -A -o 'jsonpath={range .items[*]}{.metadata.namespace}{" "}{.metadata.name}{"\n"}{end}' |
  while read -r namespace name; do
    k patch servicelevelagreements.guarantor.dev "$name" -n "$namespace" --type=merge -p '{"metadata":{"finalizers":null}}'
  done

# A namespace that is being deleted takes no new pods, and its pods' nodes end nothing in order any more.
namespaces=$(k get namespaces -l "$label=$part" -o 'jsonpath={.items[*].metadata.name}')
for namespace in $namespaces; do
  k delete namespace "$namespace" --wait=false --ignore-not-found
  k delete pods --all -n "$namespace" --force --grace-period=0 --wait=false
done
k delete nodes -l "$label=$part" --wait=false
k delete clusterroles,clusterrolebindings -l app.kubernetes.io/name=guarantor
for definition in $(k get customresourcedefinitions -o name | grep '\.guarantor\.dev$'); do
  k delete "$definition" --timeout=60s
done

left=0
for namespace in $namespaces; do
  k wait --for=delete "namespace/$namespace" --timeout=90s || left=1
done
[ -z "$(k get nodes -l "$label=$part" -o name)" ] || left=1
k delete namespace "$claim" --timeout=60s --ignore-not-found || left=1
rm -rf -- "$folder"
exit $left
