//! Rooflines as an SVG picture.

use std::fmt::Write as _;

use super::roofline::{Octaves, Point, Roofline};

const WIDTH: f64 = 1000.0;
/// Of one machine's part.
const HEIGHT: f64 = 640.0;
/// Left, right, top, bottom of the plot within its part.
const MARGINS: [f64; 4] = [80.0, 30.0, 84.0, 64.0];
const TITLE: f64 = 44.0;
const RADIUS: f64 = 4.5;
/// Of a layer's name.
const FONT: f64 = 12.0;
/// Colours that stay apart for colour-blind readers (Okabe and Ito, 2008), one an algorithm.
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

#[derive(Debug, Clone, Copy)]
struct Rect {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Rect {
    fn around(x: f64, y: f64, half_width: f64, half_height: f64) -> Self {
        Self { left: x - half_width, top: y - half_height, right: x + half_width, bottom: y + half_height }
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }

    fn within(&self, other: &Self) -> bool {
        self.left >= other.left && self.right <= other.right && self.top >= other.top && self.bottom <= other.bottom
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// One part for each machine, one below the other.
pub fn picture(title: &str, rooflines: &[Roofline]) -> String {
    let height = TITLE + HEIGHT * rooflines.len() as f64;
    let title = escaped(title);
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img" font-family="DejaVu Sans, Helvetica, Arial, sans-serif" font-size="13">
<title>Roofline: {title}</title>
<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>
<text x="{}" y="30" font-size="18" text-anchor="middle">{title}</text>
"##,
        WIDTH / 2.0
    );
    let mut algorithms: Vec<&str> = Vec::new();
    for point in rooflines.iter().flat_map(|r| &r.points) {
        if !algorithms.contains(&point.algorithm) {
            algorithms.push(point.algorithm);
        }
    }
    for (i, roofline) in rooflines.iter().enumerate() {
        let plot = Rect {
            left: MARGINS[0],
            right: WIDTH - MARGINS[1],
            top: TITLE + HEIGHT * i as f64 + MARGINS[2],
            bottom: TITLE + HEIGHT * (i + 1) as f64 - MARGINS[3],
        };
        part(&mut svg, roofline, plot, &algorithms);
    }
    svg + "</svg>\n"
}

/// Where values are.
struct Plane {
    plot: Rect,
    x: Octaves,
    y: Octaves,
}

impl Plane {
    fn at(&self, flops_per_byte: f64, gflops: f64) -> (f64, f64) {
        let Rect { left, top, right, bottom } = self.plot;
        // What is slower than the axis reaches stands on it.
        let [x, y] = [self.x.part(flops_per_byte), self.y.part(gflops)].map(|part| part.clamp(0.0, 1.0));
        (left + x * (right - left), bottom - y * (bottom - top))
    }
}

fn part(svg: &mut String, roofline: &Roofline, plot: Rect, algorithms: &[&str]) {
    let (x, y) = roofline.axes();
    let plane = Plane { plot, x, y };
    let Rect { left, top, right, bottom } = plot;
    let (middle, centre) = ((left + right) / 2.0, (top + bottom) / 2.0);
    let line = |svg: &mut String, x1: f64, y1: f64, x2: f64, y2: f64, style: &str| {
        _ = writeln!(svg, r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" {style}/>"#);
    };
    let text = |svg: &mut String, x: f64, y: f64, more: &str, text: &str| {
        _ = writeln!(svg, r#"<text x="{x:.1}" y="{y:.1}" {more}>{}</text>"#, escaped(text));
    };

    text(svg, left, top - 42.0, r#"font-weight="bold""#, &format!("cpu: {}", roofline.machine));
    let mut legend = left;
    for (i, algorithm) in algorithms.iter().enumerate() {
        let colour = COLOURS[i % COLOURS.len()];
        _ = writeln!(svg, r#"<circle cx="{:.1}" cy="{:.1}" r="{RADIUS}" fill="{colour}"/>"#, legend + 6.0, top - 20.5);
        text(svg, legend + 16.0, top - 16.0, "", algorithm);
        legend += 36.0 + 8.0 * algorithm.len() as f64;
    }
    for (value, name) in x.ticks() {
        let (at, _) = plane.at(value, 1.0);
        line(svg, at, top, at, bottom, r##"stroke="#e4e4e4""##);
        text(svg, at, bottom + 20.0, r#"text-anchor="middle""#, &name);
    }
    for (value, name) in y.ticks() {
        let (_, at) = plane.at(1.0, value);
        line(svg, left, at, right, at, r##"stroke="#e4e4e4""##);
        text(svg, left - 8.0, at + 4.5, r#"text-anchor="end""#, &name);
    }
    _ = writeln!(
        svg,
        r##"<rect x="{left:.1}" y="{top:.1}" width="{:.1}" height="{:.1}" fill="none" stroke="#888888"/>"##,
        right - left,
        bottom - top
    );
    text(svg, middle, bottom + 46.0, r#"text-anchor="middle""#, "FLOP per byte of input, weights and output");
    let turned = format!(r#"text-anchor="middle" transform="rotate(-90 {:.1} {centre:.1})""#, left - 56.0);
    text(svg, left - 56.0, centre, &turned, "GFLOPS");

    // The slope begins where it comes out of the lower or the left side.
    let lowest = x.value(0.0).max(y.value(0.0) / roofline.read_gb_per_s);
    let (start, ridge, end) = (
        plane.at(lowest, roofline.roof(lowest)),
        plane.at(roofline.ridge(), roofline.peak_gflops),
        plane.at(x.value(1.0), roofline.peak_gflops),
    );
    _ = writeln!(
        svg,
        r##"<polyline points="{:.1},{:.1} {:.1},{:.1} {:.1},{:.1}" fill="none" stroke="#444444" stroke-width="2"/>"##,
        start.0, start.1, ridge.0, ridge.1, end.0, end.1
    );
    let mut taken = Vec::new();
    let mut roof_label = |svg: &mut String, x: f64, y: f64, words: String, slope: f64| {
        let half = 3.6 * words.len() as f64;
        // A turned text takes a row of small boxes.
        let (cos, sin) = (slope.cos(), slope.sin());
        taken.extend((-10..=10).map(|i| {
            let along = half * f64::from(i) / 10.0;
            Rect::around(x + along * cos, y - 4.0 + along * sin, 8.0, 9.0)
        }));
        let more = format!(
            r##"text-anchor="middle" fill="#444444" transform="rotate({:.2} {x:.1} {y:.1})""##,
            slope.to_degrees()
        );
        text(svg, x, y, &more, &words);
    };
    let peak = format!("FMA peak {:.1} GFLOPS", roofline.peak_gflops);
    roof_label(svg, (end.0 - 110.0).max((ridge.0 + end.0) / 2.0), end.1 - 8.0, peak, 0.0);
    let slope = (ridge.1 - start.1).atan2(ridge.0 - start.0);
    let read = format!("memory read {:.1} GB/s", roofline.read_gb_per_s);
    let (sx, sy) = ((start.0 + ridge.0) / 2.0, (start.1 + ridge.1) / 2.0);
    roof_label(svg, sx + 8.0 * slope.sin(), sy - 8.0 * slope.cos(), read, slope);
    for ((x1, y1), (x2, y2)) in [(start, ridge), (ridge, end)] {
        taken.extend((0..=60).map(|i| {
            let part = f64::from(i) / 60.0;
            Rect::around(x1 + part * (x2 - x1), y1 + part * (y2 - y1), 3.0, 2.0)
        }));
    }
    points(svg, roofline, &plane, taken, algorithms);
}

/// The points with their names, each where it covers nothing, with a line to its point where that is not beside it.
fn points(svg: &mut String, roofline: &Roofline, plane: &Plane, mut taken: Vec<Rect>, algorithms: &[&str]) {
    let at = |p: &Point| plane.at(p.flops_per_byte, p.gflops);
    taken.extend(roofline.points.iter().map(|p| Rect::around(at(p).0, at(p).1, RADIUS + 1.0, RADIUS + 1.0)));
    let (mut texts, mut names) = (String::new(), Vec::new());
    for point in &roofline.points {
        let (x, y) = at(point);
        let colour = COLOURS[algorithms.iter().position(|a| *a == point.algorithm).unwrap_or(0) % COLOURS.len()];
        _ = writeln!(
            svg,
            r##"<circle cx="{x:.1}" cy="{y:.1}" r="{RADIUS}" fill="{colour}" stroke="#ffffff"><title>{}</title></circle>"##,
            escaped(&format!(
                "{}: {:.1} GFLOPS, {:.1} FLOP per byte, {}, {} times",
                point.name, point.gflops, point.flops_per_byte, point.algorithm, point.times
            ))
        );
        let half_width = 0.31 * FONT * point.name.chars().count() as f64 + 2.0;
        let half_height = FONT / 2.0 + 0.5;
        let places = (0..30).flat_map(|ring| {
            (0..16).map(move |k| {
                // To the right first, then around.
                let turn = f64::from((k + 1) / 2 * if k % 2 == 0 { 1 } else { -1 }) * std::f64::consts::PI / 8.0;
                let gap = RADIUS + 2.0 + 9.0 * f64::from(ring);
                let (cx, cy) = (x + turn.cos() * (gap + half_width), y + turn.sin() * (gap + half_height));
                (
                    ring,
                    Rect::around(cx, cy, half_width, half_height),
                    leader(ring > 0, (x, y), (cx, cy), half_width, half_height),
                )
            })
        });
        // A name never covers anything as long as there is room. Its line may, which counts as much as a longer way.
        let covered = |place: &Rect, others: &[Rect]| others.iter().any(|other| place.overlaps(other));
        let mut best: Option<(f64, Rect, Vec<Rect>)> = None;
        for (ring, name, leader) in places {
            let far = f64::from(ring);
            if best.as_ref().is_some_and(|(cost, ..)| *cost <= far) {
                break;
            }
            if !name.within(&plane.plot) || covered(&name, &taken) || covered(&name, &names) {
                continue;
            }
            let count = |others: &[Rect]| leader.iter().filter(|piece| covered(piece, others)).count() as f64;
            let cost = far + 4.0 * count(&names) + count(&taken);
            if best.as_ref().is_none_or(|(least, ..)| cost < *least) {
                best = Some((cost, name, leader));
            }
        }
        let beside = || (Rect::around(x, y - 12.0, half_width, half_height), Vec::new());
        let (name, leader) = best.map_or_else(beside, |(_, name, leader)| (name, leader));
        if let Some(end) = leader.last() {
            _ = writeln!(
                svg,
                r##"<line x1="{x:.1}" y1="{y:.1}" x2="{:.1}" y2="{:.1}" stroke="{colour}" stroke-width="0.7"/>"##,
                (end.left + end.right) / 2.0,
                (end.top + end.bottom) / 2.0
            );
        }
        let (cx, cy) = ((name.left + name.right) / 2.0, (name.top + name.bottom) / 2.0);
        names.push(name);
        taken.extend(leader);
        _ = writeln!(
            texts,
            r#"<text x="{cx:.1}" y="{:.1}" font-size="{FONT}" text-anchor="middle" fill="{colour}">{}</text>"#,
            cy + 4.2,
            escaped(point.name)
        );
    }
    *svg += &texts;
}

/// The line from a point to the nearest place of its name, in small pieces from outside the point on.
fn leader(wanted: bool, (x, y): (f64, f64), (cx, cy): (f64, f64), half_width: f64, half_height: f64) -> Vec<Rect> {
    let (ex, ey) = (x.clamp(cx - half_width, cx + half_width), y.clamp(cy - half_height, cy + half_height));
    let length = (ex - x).hypot(ey - y);
    let first = (RADIUS + 2.5) / length;
    if !wanted || first >= 1.0 {
        return Vec::new();
    }
    let piece = |i| {
        let part = first + (1.0 - first) * f64::from(i) / 12.0;
        Rect::around(x + part * (ex - x), y + part * (ey - y), 1.0, 1.0)
    };
    (0..=12).map(piece).collect()
}

#[cfg(test)]
mod tests {
    use super::super::roofline::tests::example;
    use super::*;

    /// The values of an attribute, in order.
    fn all(svg: &str, start: &str, attribute: &str) -> Vec<f64> {
        let elements = svg.match_indices(start).map(|(at, _)| svg[at..].split_once('>').unwrap().0);
        let value = |e: &str| e.split_once(&format!(" {attribute}=\"")).unwrap().1.split_once('"').unwrap().0.parse();
        elements.map(|e| value(e).unwrap()).collect()
    }

    #[test]
    fn points_lie_where_their_values_are() {
        let svg = picture("two machines", &[example(), example()]);
        // Two algorithms in each legend, five points in each part.
        let (x, y) = (all(&svg, "<circle", "cx"), all(&svg, "<circle", "cy"));
        assert_eq!(x.len(), 2 * (2 + 5));
        let (x, y) = (&x[2..7], &y[2..7]);
        // Twice as many FLOPs a byte is one octave of eight, half the rate one of four.
        let octave = (WIDTH - MARGINS[0] - MARGINS[1]) / 8.0;
        assert!((x[3] - x[2] - octave).abs() < 0.11, "{x:?}");
        let octave = (HEIGHT - MARGINS[2] - MARGINS[3]) / 4.0;
        assert!((y[2] - y[1] - octave).abs() < 0.11, "{y:?}");
        assert!((x[0] - MARGINS[0]).abs() < 0.11);
        assert!(x.iter().all(|x| (0.0..=WIDTH).contains(x)) && y.iter().all(|y| (0.0..=TITLE + HEIGHT).contains(y)));
    }

    #[test]
    fn names_are_escaped_and_elements_are_closed() {
        let svg = picture("a < b & c", &[example()]);
        assert!(svg.contains("ridge &amp; &lt;peak&gt;") && svg.contains("a &lt; b &amp; c") && !svg.contains("<peak"));
        let mut open = Vec::new();
        for tag in svg.split('<').skip(1).map(|t| t.split_once('>').unwrap().0) {
            match tag.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name)),
                None if tag.ends_with('/') => {}
                None => open.push(tag.split_whitespace().next().unwrap()),
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }

    /// Where each name is, by its anchor and its estimated size.
    fn names(svg: &str) -> Vec<Rect> {
        let texts = svg.lines().filter(|l| l.contains(r#"font-size="12""#));
        let place = |l: &str| {
            let (x, y) = (all(l, "<text", "x")[0], all(l, "<text", "y")[0] - 4.2);
            let name = l.split_once('>').unwrap().1.split_once('<').unwrap().0;
            let name = name.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
            Rect::around(x, y, 0.31 * FONT * name.len() as f64, FONT / 2.0)
        };
        texts.map(place).collect()
    }

    #[test]
    fn names_cover_neither_each_other_nor_points() {
        let mut crowd = example();
        // Thirty layers around one place on the ridge.
        crowd.points.extend((0..30).map(|i| Point {
            mark: 'x',
            name: "pw1234_1234",
            times: 1,
            algorithm: "gemm",
            flops_per_byte: 9.0 + f64::from(i % 7) / 4.0,
            gflops: 80.0 + f64::from(i % 5),
        }));
        for roofline in [example(), crowd] {
            let svg = picture("t", std::slice::from_ref(&roofline));
            let names = names(&svg);
            assert_eq!(names.len(), roofline.points.len());
            // The legend's circles come first.
            let points: Vec<_> =
                all(&svg, "<circle", "cx").into_iter().zip(all(&svg, "<circle", "cy")).skip(2).collect();
            for (i, a) in names.iter().enumerate() {
                assert!(names[..i].iter().all(|b| !a.overlaps(b)), "{svg}");
                assert!(points.iter().all(|&(x, y)| !a.overlaps(&Rect::around(x, y, RADIUS, RADIUS))), "{svg}");
            }
        }
    }
}
