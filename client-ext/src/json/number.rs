//! Numbers: a fast and exact way for `f32`, and the standard library for the rest.

/// 10⁰ to 10⁻³⁰, each the nearest `f64`.
const INVERSE: [f64; 31] = [
    1e0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16, 1e-17,
    1e-18, 1e-19, 1e-20, 1e-21, 1e-22, 1e-23, 1e-24, 1e-25, 1e-26, 1e-27, 1e-28, 1e-29, 1e-30,
];
/// 10⁰ to 10¹⁹, exact.
const POWERS: [u64; 20] = {
    let mut powers = [1; 20];
    let mut at = 1;
    while at < powers.len() {
        powers[at] = powers[at - 1] * 10;
        at += 1;
    }
    powers
};
/// The bits of precision that an `f64` has beyond an `f32`.
const EXTRA_BITS: u32 = f64::MANTISSA_DIGITS - f32::MANTISSA_DIGITS;

/// The length of the longest number on the fast path, in bytes.
const WINDOW: usize = 32;

/// The number at the start of the text, correctly rounded, and its length. `None` if it is not a number, or needs the
/// slow path.
#[inline(always)]
pub(super) fn fast_f32(text: &[u8]) -> Option<(f32, usize)> {
    match text.first_chunk::<WINDOW>() {
        Some(window) => fraction(window),
        None => last_number(text),
    }
}

#[cold]
fn last_number(text: &[u8]) -> Option<(f32, usize)> {
    let mut window = [0; WINDOW];
    window[..text.len()].copy_from_slice(text);
    fraction(&window)
}

/// A number as vectors have them: a digit, a point, and 16 to 21 digits, of which the first 16 decide.
///
/// The end must depend on as little as possible, not even on the sign, because the next number waits for it.
#[inline(always)]
fn fraction(text: &[u8; WINDOW]) -> Option<(f32, usize)> {
    let others = not_digits(digit_values(text, 16));
    let end = 16 + (others.trailing_zeros() / 8) as usize;
    // Half of all numbers have a sign: a branch would be mispredicted every other time.
    let negative = text[0] == b'-';
    let start = usize::from(negative);
    let (first, second) = (digit_values(text, start + 2), digit_values(text, start + 10));
    let whole = text[start].wrapping_sub(b'0');
    let plain = not_digits(digit_values(text, 8)) | not_digits(first) == 0 && others != 0 && end >= start + 18;
    if !plain || whole > 9 || text[start + 1] != b'.' || text[end] | 0x20 == b'e' {
        return short_fraction(text);
    }
    let digits = u64::from(whole) * POWERS[16] + eight(first) * POWERS[8] + eight(second);
    // Too small to ignore the remaining digits.
    if digits < POWERS[12] {
        return short_fraction(text);
    }
    // The remaining digits are less than one in 10¹², which is up to 9008 units in the last place of an `f64`.
    let number = nearest(digits as i64 as f64 * INVERSE[16], 9100)?;
    Some((f32::from_bits(number.to_bits() | u32::from(negative) << 31), end))
}

/// A number with one digit before the point and at most 23 digits after it.
#[inline(never)]
fn short_fraction(text: &[u8; WINDOW]) -> Option<(f32, usize)> {
    let negative = text[0] == b'-';
    let start = usize::from(negative);
    let whole = text[start].wrapping_sub(b'0');
    if whole > 9 || text[start + 1] != b'.' {
        return other_shape(text);
    }
    let mut digits = u64::from(whole);
    let mut at = start + 2;
    let mut block = digit_values(text, at);
    while not_digits(block) == 0 {
        digits = digits.checked_mul(POWERS[8])?.checked_add(eight(block))?;
        at += 8;
        // The number may continue after the window.
        if at + 8 > WINDOW {
            return None;
        }
        block = digit_values(text, at);
    }
    let count = (not_digits(block).trailing_zeros() / 8) as usize;
    let end = at + count;
    // No digits, or an exponent.
    if end == start + 2 || text.get(end).is_none_or(|byte| byte | 0x20 == b'e') {
        return other_shape(text);
    }
    // In two steps, because a shift by 64 overflows.
    let last = eight((block << (56 - 8 * count)) << 8);
    digits = digits.checked_mul(POWERS[count])?.checked_add(last)?;
    let number = round(digits, start as i32 + 2 - end as i32)?;
    Some((f32::from_bits(number.to_bits() | u32::from(negative) << 31), end))
}

/// All other numbers.
#[inline(never)]
fn other_shape(text: &[u8; WINDOW]) -> Option<(f32, usize)> {
    let negative = text[0] == b'-';
    let start = usize::from(negative);
    let (mut digits, mut at) = more_digits(text, start, 0)?;
    // No digits, or digits after a leading zero.
    if at == start || (text[start] == b'0' && at > start + 1) {
        return None;
    }
    let mut exponent = 0;
    if text.get(at) == Some(&b'.') {
        let point = at + 1;
        (digits, at) = more_digits(text, point, digits)?;
        if at == point {
            return None;
        }
        exponent = point as i32 - at as i32;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        (exponent, at) = power(text, at + 1, exponent)?;
    }
    // The number may continue after the window.
    if at >= WINDOW {
        return None;
    }
    let number = round(digits, exponent)?;
    Some((if negative { -number } else { number }, at))
}

/// Adds the power of ten at this position to the exponent.
fn power(text: &[u8; WINDOW], mut at: usize, exponent: i32) -> Option<(i32, usize)> {
    let sign = if text.get(at) == Some(&b'-') { -1 } else { 1 };
    at += usize::from(matches!(text.get(at), Some(b'-' | b'+')));
    let (power, end) = more_digits(text, at, 0)?;
    if end == at || power > 10_000 {
        return None;
    }
    Some((exponent + sign * power as i32, end))
}

/// `digits · 10^exponent` as the nearest `f32`, where an `f64` is precise enough.
#[inline(always)]
fn round(digits: u64, exponent: i32) -> Option<f32> {
    if digits == 0 {
        return Some(0.0);
    }
    // Each of the two conversions and the multiplication is off by at most half a unit in the last place.
    // Signed numbers are converted by one instruction.
    let digits = i64::try_from(digits).ok()? as f64;
    let double = if exponent <= 0 {
        digits * INVERSE.get(exponent.unsigned_abs() as usize)?
    } else {
        digits * *POWERS.get(exponent as usize)? as f64
    };
    let single = nearest(double, 8)?;
    // Subnormal numbers have fewer bits than this relies on.
    (single >= f32::MIN_POSITIVE && single.is_finite()).then_some(single)
}

/// The nearest `f32`; `None` if the value is so close to the middle of two neighbours that `units` in the last place
/// could decide.
#[inline(always)]
fn nearest(double: f64, units: u64) -> Option<f32> {
    const MIDDLE: u64 = 1 << (EXTRA_BITS - 1);
    let extra = double.to_bits() & ((1 << EXTRA_BITS) - 1);
    (extra.abs_diff(MIDDLE) > units).then_some(double as f32)
}

/// Appends the digits at this position; `None` if they overflow.
fn more_digits(text: &[u8; WINDOW], start: usize, mut digits: u64) -> Option<(u64, usize)> {
    let mut at = start;
    while let Some(digit) = text.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        digits = digits.checked_mul(10)?.checked_add(u64::from(digit))?;
        at += 1;
    }
    Some((digits, at))
}

/// Eight bytes minus `0`, the first in the lowest byte.
#[inline(always)]
fn digit_values(text: &[u8; WINDOW], at: usize) -> u64 {
    let block = text.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
    u64::from_le_bytes(block) ^ 0x3030_3030_3030_3030
}

/// Sets the highest bit of each byte that is not a digit; a carry only reaches bytes after the first such byte.
#[inline(always)]
fn not_digits(values: u64) -> u64 {
    (values.wrapping_add(0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080
}

/// The number of eight digits, the first in the lowest byte: pairs, then groups of four, then all.
#[inline(always)]
fn eight(digits: u64) -> u64 {
    const MASK: u64 = 0x0000_00ff_0000_00ff;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let high = (pairs & MASK).wrapping_mul(0x000f_4240_0000_0064);
    let low = ((pairs >> 16) & MASK).wrapping_mul(0x0000_2710_0000_0001);
    high.wrapping_add(low) >> 32
}

/// The length of the number at the start of the text, and whether it is an integer; or the position of the first wrong
/// byte.
pub(super) fn token(text: &[u8]) -> Result<(usize, bool), usize> {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    match text.get(at) {
        Some(b'0') => at += 1,
        Some(b'1'..=b'9') => at += digits(at),
        _ => return Err(at),
    }
    // Digits after a leading zero.
    if text.get(at).is_some_and(u8::is_ascii_digit) {
        return Err(at);
    }
    let mut integer = true;
    if text.get(at) == Some(&b'.') {
        integer = false;
        at += 1;
        match digits(at) {
            0 => return Err(at),
            count => at += count,
        }
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        integer = false;
        at += 1;
        at += usize::from(matches!(text.get(at), Some(b'+' | b'-')));
        match digits(at) {
            0 => return Err(at),
            count => at += count,
        }
    }
    Ok((at, integer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> bool {
        let exact: f32 = text.parse().unwrap_or_else(|_| panic!("{text} is a number"));
        let fast = fast_f32(text.as_bytes());
        if let Some((fast, length)) = fast {
            assert_eq!((fast.to_bits(), length), (exact.to_bits(), text.len()), "{text}: {fast:e}, not {exact:e}");
        }
        fast.is_some()
    }

    #[test]
    fn numbers_are_read_as_the_standard_library_reads_them() {
        for text in [
            "0",
            "-0",
            "0.0",
            "-0.0",
            "1",
            "-1",
            "10",
            "123456789",
            "0.5",
            "1e5",
            "1E+5",
            "2.5e-3",
            "-0.012345678901234567",
            "16777217",
            "16777216.9999999",
            "3.4028235e38",
            "1e-10",
            "18446744073709551615",
            "0.1e1",
        ] {
            check(text);
        }
        assert!(check("-0.012345678901234567") && check("0.00012345678901234567") && check("1.2345678901234567e-05"));
    }

    #[test]
    fn what_is_doubtful_or_no_number_is_left_to_others() {
        for text in [
            "",
            "-",
            "a",
            "01",
            "-01",
            "1.",
            "1.e5",
            ".5",
            "1e",
            "1e+",
            "+1",
            "1e99999",
            "1e39",
            "1e-46",
            "99999999999999999999",
        ] {
            assert_eq!(fast_f32(text.as_bytes()).map(|(number, _)| number), None, "{text}");
        }
        // The exact middle of two neighbours.
        assert_eq!(fast_f32(b"16777217"), None);
        assert_eq!(fast_f32(b"1.5,2"), Some((1.5, 3)));
    }

    #[test]
    fn tokens_end_where_the_grammar_says() {
        for (text, expected) in [
            ("0", Ok((1, true))),
            ("-0]", Ok((2, true))),
            ("12,", Ok((2, true))),
            ("1.5e-3 ", Ok((6, false))),
            ("01", Err(1)),
            ("-", Err(1)),
            ("1.", Err(2)),
            ("1.e", Err(2)),
            ("1e", Err(2)),
            ("1e+", Err(3)),
            ("-a", Err(1)),
        ] {
            assert_eq!(token(text.as_bytes()), expected, "{text}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(20_000))]
        #[test]
        fn every_double_is_rounded_once(bits in proptest::prelude::any::<u64>(), scale in -40i32..40) {
            let double = f64::from_bits(bits);
            if double.is_finite() {
                let ordinary = (bits >> 12) as f64 / (1u64 << 52) as f64 * 10f64.powi(scale);
                for text in [double.to_string(), format!("{double:e}"), ordinary.to_string(), format!("{ordinary:e}")] {
                    check(&text);
                }
            }
        }

        #[test]
        fn numbers_beside_the_middle_of_two_neighbours_are_rounded_right(bits in 0x0080_0000u32..0x7f00_0000, tail in 0u32..1000) {
            let middle = (f64::from(f32::from_bits(bits)) + f64::from(f32::from_bits(bits + 1))) / 2.0;
            let text = middle.to_string();
            check(&text);
            if text.contains('.') {
                check(&format!("{text}{tail:03}"));
            }
            for near in [middle.next_up(), middle.next_down()] {
                check(&near.to_string());
            }
        }
    }
}
