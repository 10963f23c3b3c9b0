//! Colours that the terminal has not, painted with the nearest it has.

use ratatui::style::{Color, Style};

use super::looks::Colours;

/// The style with colours of this kind only. A colour with a name stays what it is.
pub fn fitted(style: Style, colours: Colours) -> Style {
    let fit = |colour: Color| match (colour, colours) {
        (Color::Rgb(r, g, b), Colours::Indexed) => Color::Indexed(indexed([r, g, b])),
        (Color::Rgb(r, g, b), Colours::Sixteen) => sixteen([r, g, b]),
        (Color::Indexed(n), Colours::Sixteen) => sixteen(of_index(n)),
        (other, _) => other,
    };
    Style { fg: style.fg.map(fit), bg: style.bg.map(fit), ..style }
}

type Rgb = [u8; 3];

/// The steps of the 6×6×6 cube.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// As most terminals paint the sixteen; a user's scheme may differ, the names hold.
const SIXTEEN: [(Color, Rgb); 16] = [
    (Color::Black, [0, 0, 0]),
    (Color::Red, [197, 15, 31]),
    (Color::Green, [19, 161, 14]),
    (Color::Yellow, [193, 156, 0]),
    (Color::Blue, [0, 55, 218]),
    (Color::Magenta, [136, 23, 152]),
    (Color::Cyan, [58, 150, 221]),
    (Color::Gray, [204, 204, 204]),
    (Color::DarkGray, [118, 118, 118]),
    (Color::LightRed, [231, 72, 86]),
    (Color::LightGreen, [22, 198, 12]),
    (Color::LightYellow, [249, 241, 165]),
    (Color::LightBlue, [59, 120, 255]),
    (Color::LightMagenta, [180, 0, 158]),
    (Color::LightCyan, [97, 214, 214]),
    (Color::White, [242, 242, 242]),
];

fn apart(a: Rgb, b: Rgb) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

/// The nearest of the cube and the greys.
fn indexed(colour: Rgb) -> u8 {
    (16..=255).min_by_key(|n| apart(of_index(*n), colour)).unwrap_or(16)
}

fn of_index(index: u8) -> Rgb {
    match index {
        0..=15 => SIXTEEN[usize::from(index)].1,
        16..=231 => {
            let n = index - 16;
            [n / 36, n / 6 % 6, n % 6].map(|step| STEPS[usize::from(step)])
        }
        232..=255 => [8 + (index - 232) * 10; 3],
    }
}

fn sixteen(colour: Rgb) -> Color {
    SIXTEEN.iter().min_by_key(|(_, rgb)| apart(*rgb, colour)).map_or(Color::Reset, |(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_colour_is_taken() {
        let style = Style::new().fg(Color::Rgb(255, 0, 0)).bg(Color::Rgb(9, 9, 9));
        assert_eq!(fitted(style, Colours::Indexed), Style::new().fg(Color::Indexed(196)).bg(Color::Indexed(232)));
        assert_eq!(fitted(style, Colours::Sixteen), Style::new().fg(Color::Red).bg(Color::Black));
        assert_eq!(fitted(style, Colours::True), style);
    }

    #[test]
    fn names_and_the_terminals_own_colour_stay() {
        let style = Style::new().fg(Color::LightGreen).bg(Color::Reset);
        assert_eq!(fitted(style, Colours::Sixteen), style);
    }

    #[test]
    fn a_colour_of_the_table_is_found_again() {
        for index in 16..=255_u8 {
            assert_eq!(of_index(indexed(of_index(index))), of_index(index), "{index}");
        }
    }
}
