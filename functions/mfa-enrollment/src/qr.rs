//! A QR code as SVG that stands in the page: nothing is fetched for it, and no style is needed.

use std::fmt::Write;

use qrcodegen::{QrCode, QrCodeEcc};

/// Light modules around the code (ISO/IEC 18004 asks for four).
const BORDER: i32 = 4;

/// Draws a text; `None` when it is too long for any code.
pub(crate) fn svg(text: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let mut dark = String::new();
    for y in 0..size {
        for x in (0..size).filter(|x| code.get_module(*x, y)) {
            let _ = write!(dark, "M{} {}h1v1h-1z", x + BORDER, y + BORDER);
        }
    }
    let side = size + 2 * BORDER;
    Some(format!(
        r##"<svg class="qr" viewBox="0 0 {side} {side}" role="img" aria-label="QR code" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d="{dark}"/></svg>"##
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Version 1 has 21 modules a side; its corners are the finder patterns' dark ones, but for the last.
    #[test]
    fn a_code_is_drawn_with_its_border() {
        let drawn = svg("otpauth").unwrap();
        assert!(drawn.starts_with(r#"<svg class="qr" viewBox="0 0 29 29""#), "{drawn}");
        assert!(drawn.contains("M4 4h1v1h-1z") && drawn.contains("M24 4h1v1h-1z"), "{drawn}");
        assert!(drawn.contains("M4 24h1v1h-1z") && !drawn.contains("M3 4h"), "{drawn}");
        assert_eq!(svg(&"a".repeat(3_000)), None);
    }
}
