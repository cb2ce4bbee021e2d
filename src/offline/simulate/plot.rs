//! Plots as SVG, to stand in a page.

use plotters::coord::Shift;
use plotters::coord::combinators::BindKeyPoints;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

/// Width and height in pixels of the screen; a printer scales them.
pub(super) const SIZE: (u32, u32) = (860, 240);
/// Pixels around a plot, and to the left of and below its axes. All plots of a page have them, so that one stands above the
/// other.
pub(super) const MARGIN: u32 = 8;
/// See [`MARGIN`].
pub(super) const LEFT: u32 = 104;
/// See [`MARGIN`].
pub(super) const BELOW: u32 = 42;
/// What text is set in.
const FONT: (&str, u32) = ("sans-serif", 15);
/// Room above the highest value.
const ABOVE: f64 = 1.05;
/// The lowest value of a logarithmic axis.
const SMALLEST: f64 = 1e-6;
/// The colours of the policies in their order: those of Okabe and Ito, which everybody can tell apart.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(90, 90, 90),
];

/// What goes wrong.
const FAULT: RGBColor = RGBColor(163, 33, 29);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Failure = Box<dyn std::error::Error>;

/// One quantity over the time of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// The quantity with its unit, at the vertical axis.
    pub quantity: String,
    /// Seconds the run lasts.
    pub seconds: f64,
    /// One for each policy, in their order: pieces of seconds and values. Between two pieces nothing is known.
    pub curves: Vec<Vec<Vec<(f64, f64)>>>,
    /// A value that is promised, or agreed.
    pub limit: Option<f64>,
    /// Whether equal distances are equal factors.
    pub logarithmic: bool,
    /// Whether the curve is of no policy.
    pub of_none: bool,
    /// Seconds at which something goes wrong.
    pub faults: Vec<f64>,
}

/// The colour of a policy, as a style sheet writes it.
#[must_use]
pub fn colour(place: usize) -> String {
    written(of(place))
}

/// The colour of what goes wrong, as a style sheet writes it.
#[must_use]
pub fn colour_of_faults() -> String {
    written(FAULT)
}

fn written(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn of(place: usize) -> RGBColor {
    COLOURS.get(place % COLOURS.len()).copied().unwrap_or(BLACK)
}

impl Plot {
    /// Draws it. All text of it is ours and the plotting library's.
    ///
    /// # Errors
    /// What the library says; it draws into memory.
    pub fn svg(&self) -> Result<String, String> {
        let mut svg = String::new();
        self.draw(&mut svg).map_err(|e| format!("the plot of {} cannot be drawn: {e}", self.quantity))?;
        Ok(svg)
    }

    fn draw(&self, svg: &mut String) -> Result<(), Failure> {
        let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        let (lowest, highest) = self.range();
        if self.logarithmic {
            self.draw_along(&area, (lowest..highest).log_scale().with_key_points(marks(lowest, highest)))?;
        } else {
            self.draw_along(&area, lowest..highest)?;
        }
        area.present()?;
        Ok(())
    }

    /// Draws along this vertical axis.
    fn draw_along<Y>(&self, area: &Area<'_>, axis: Y) -> Result<(), Failure>
    where
        Y: AsRangedCoord<Value = f64>,
        Y::CoordDescType: ValueFormatter<f64> + Ranged<ValueType = f64>,
    {
        let (unit, of_unit) = time(self.seconds);
        let mut chart = ChartBuilder::on(area)
            .margin(MARGIN)
            .x_label_area_size(BELOW)
            .y_label_area_size(LEFT)
            .build_cartesian_2d(0.0..(self.seconds / of_unit).max(f64::MIN_POSITIVE), axis)?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(RGBColor(0xd5, 0xdb, 0xe1))
            .label_style(FONT)
            .axis_desc_style(FONT)
            .x_desc(unit)
            .y_desc(self.quantity.as_str())
            .x_label_formatter(&|value| label(*value))
            .y_label_formatter(&|value| label(*value))
            .draw()?;
        if let Some(limit) = self.limit {
            let ends = [(0.0, limit), (self.seconds / of_unit, limit)];
            chart.draw_series(DashedLineSeries::new(ends, 6, 4, BLACK.stroke_width(1)))?;
        }
        let (lowest, highest) = self.range();
        for at in &self.faults {
            let ends = [(at / of_unit, lowest), (at / of_unit, highest)];
            chart.draw_series(DashedLineSeries::new(ends, 2, 3, FAULT.stroke_width(1)))?;
        }
        for (place, pieces) in self.curves.iter().enumerate() {
            for piece in pieces {
                let points = piece.iter().map(|(at, value)| (at / of_unit, *value));
                let colour = if self.of_none { BLACK } else { of(place) };
                chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?;
            }
        }
        Ok(())
    }

    /// From zero, or from the power of ten below the lowest value, to a little above the highest.
    fn range(&self) -> (f64, f64) {
        let values = self.curves.iter().flatten().flatten().map(|(_, value)| *value).chain(self.limit);
        let values: Vec<f64> = values.collect();
        let (lowest, highest) = (fold(&values, f64::min), fold(&values, f64::max));
        if self.logarithmic {
            let below = 10_f64.powf(lowest.max(SMALLEST).log10().floor());
            return (below, (highest * ABOVE).max(below * 10.0));
        }
        let (lowest, highest) = (lowest.min(0.0), highest.max(0.0));
        (lowest, if highest > lowest { lowest + (highest - lowest) * ABOVE } else { lowest + 1.0 })
    }
}

/// One, two and five of each power of ten from the lowest to the highest value.
fn marks(lowest: f64, highest: f64) -> Vec<f64> {
    let powers = std::iter::successors(Some(lowest), |power| Some(power * 10.0)).take_while(|power| *power <= highest);
    let marks = powers.flat_map(|power| [power, 2.0 * power, 5.0 * power]);
    marks.filter(|mark| *mark <= highest).collect()
}

/// At most three places.
pub(super) fn label(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The unit of time that suits the length of a run, and how many seconds it has.
pub(super) fn time(seconds: f64) -> (&'static str, f64) {
    match seconds {
        ..7_200.0 => ("minutes", 60.0),
        ..259_200.0 => ("hours", 3_600.0),
        _ => ("days", 86_400.0),
    }
}

fn fold(values: &[f64], of: fn(f64, f64) -> f64) -> f64 {
    values.iter().copied().reduce(of).unwrap_or(0.0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn plot(curves: Vec<Vec<Vec<(f64, f64)>>>) -> Plot {
        let (quantity, faults) = ("pods".to_owned(), Vec::new());
        Plot { quantity, seconds: 600.0, curves, limit: None, logarithmic: false, of_none: false, faults }
    }

    #[test]
    fn every_piece_of_every_policy_is_a_line_of_its_own_colour() {
        let step = |from: f64| vec![(from, 1.0), (from + 60.0, 5.0)];
        let svg = plot(vec![vec![step(0.0), step(120.0)], vec![step(0.0)]]).svg().unwrap();
        let lines = |place| svg.matches(&format!("stroke=\"{}\"", colour(place).to_uppercase())).count();
        assert_eq!((lines(0), lines(1)), (2, 1), "{svg}");
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
        assert!(svg.contains("minutes") && svg.contains("pods"));
        let with_limit = Plot { limit: Some(3.0), ..plot(vec![vec![step(0.0)]]) }.svg().unwrap();
        assert!(with_limit.matches("<polyline").count() > 10, "a dashed line");
        let with_fault = Plot { faults: vec![300.0], ..plot(vec![vec![step(0.0)]]) }.svg().unwrap();
        assert!(with_fault.matches("stroke=\"#A3211D\"").count() > 10, "a dotted line");
    }

    #[test]
    fn nothing_to_show_is_an_empty_plot() {
        for curves in [vec![], vec![vec![]], vec![vec![vec![(0.0, 0.0)]]]] {
            assert!(plot(curves).svg().unwrap().contains("</svg>"));
        }
        let nothing = Plot { seconds: 0.0, logarithmic: true, ..plot(vec![]) };
        assert!(nothing.svg().unwrap().contains("</svg>"));
    }

    #[test]
    fn a_logarithmic_axis_is_marked_in_equal_steps() {
        let marks: Vec<String> = marks(0.1, 2.6).into_iter().map(label).collect();
        assert_eq!(marks, ["0.1", "0.2", "0.5", "1", "2"]);
    }

    #[test]
    fn labels_are_short() {
        for (value, expected) in
            [(120.0, "120"), (0.25, "0.25"), (0.1, "0.1"), (10.0, "10"), (0.0, "0"), (-100.0, "-100")]
        {
            assert_eq!(label(value), expected);
        }
        assert_eq!(time(3600.0).0, "minutes");
        assert_eq!(time(86_400.0).0, "hours");
        assert_eq!(time(604_800.0).0, "days");
    }
}
