//! What a user takes along: the QR code on the terminal or in a file, and the recovery codes.

use std::{
    fs::{File, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
};

use qrcode::{Color, EcLevel, QrCode, render::svg};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::{
    auth::confirmation::Enrolment,
    cli::{arguments::ConfirmUser, trouble::Refusal},
    state::User,
};

/// Light modules around a code, as the standard asks.
const QUIET: usize = 4;
/// Pixels of a module.
const SCALE: usize = 8;

/// The files that were asked for, empty and ours alone.
pub(super) struct Papers {
    qr: Option<(PathBuf, File)>,
    recovery_codes: Option<(PathBuf, File)>,
}

impl Papers {
    pub(super) fn prepare(arguments: &ConfirmUser) -> Result<Self, Refusal> {
        if let Some(qr) = &arguments.qr
            && !is(qr, "png")
            && !is(qr, "svg")
        {
            return Err(Refusal::usage(format!("`{}` says neither PNG nor SVG", qr.display()))
                .hint("end the name of the file in `.png` or `.svg`"));
        }
        let made = |path: Option<&PathBuf>| path.map(|path| Ok((path.clone(), made(path)?))).transpose();
        let qr = made(arguments.qr.as_ref())?;
        let recovery_codes = made(arguments.recovery_codes.as_ref()).inspect_err(|_| {
            // Not left behind empty.
            if let Some((path, _)) = &qr {
                let _ = std::fs::remove_file(path);
            }
        })?;
        Ok(Self { qr, recovery_codes })
    }

    pub(super) fn write(self, enrolment: &Enrolment, user: &User) -> anyhow::Result<()> {
        if let Some((path, file)) = self.qr {
            let bytes = if is(&path, "svg") { as_svg(&enrolment.address)? } else { as_png(&enrolment.address)? };
            fill(&path, file, &bytes)?;
        }
        if let Some((path, file)) = self.recovery_codes {
            fill(&path, file, listed(enrolment, user).as_bytes())?;
        }
        Ok(())
    }
}

fn is(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending))
}

fn made(path: &Path) -> Result<File, Refusal> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| {
        Refusal::usage(format!("could not make the file `{}`", path.display()))
            .because(error)
            .hint("choose a name that is not taken, in a folder that is yours")
    })
}

fn fill(path: &Path, mut file: File, bytes: &[u8]) -> Result<(), Refusal> {
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| {
        Refusal::usage(format!("could not write `{}`", path.display()))
            .because(error)
            .hint("begin anew with another file")
    })
}

fn listed(enrolment: &Enrolment, user: &User) -> Zeroizing<String> {
    let mut text = Zeroizing::new(format!(
        "Pocket Docket, {}\nIf the phone with the authenticator app is lost, one of these switches the app off.\n\nBackup key\n{}\n\n\
         Recovery codes, each good once\n",
        user.details.address,
        enrolment.backup.readable().expose_secret()
    ));
    for code in &enrolment.recovery {
        text.push_str(code.readable().expose_secret());
        text.push('\n');
    }
    text
}

fn code(address: &SecretString) -> anyhow::Result<QrCode> {
    // Medium: what a phone reads off a screen at an angle.
    Ok(QrCode::with_error_correction_level(address.expose_secret(), EcLevel::M)?)
}

/// The modules with the quiet zone around them; true is dark.
fn modules(code: &QrCode) -> Vec<Vec<bool>> {
    let width = code.width();
    let dark = |x: usize, y: usize| {
        let inside = (QUIET..QUIET + width).contains(&x) && (QUIET..QUIET + width).contains(&y);
        inside && code[(x - QUIET, y - QUIET)] == Color::Dark
    };
    (0..width + 2 * QUIET).map(|y| (0..width + 2 * QUIET).map(|x| dark(x, y)).collect()).collect()
}

/// Half blocks, two modules a letter. On a terminal in black on white whatever its own colours are; elsewhere as blocks of what is
/// light, which reads as it is printed on a dark background and inverted on a light one.
pub(super) fn on_terminal(address: &SecretString, coloured: bool) -> anyhow::Result<Zeroizing<String>> {
    let rows = modules(&code(address)?);
    let mut text = Zeroizing::new(String::new());
    for pair in rows.chunks(2) {
        text.push_str(if coloured { "\u{1b}[38;5;16;48;5;231m" } else { "" });
        let upper = pair.first().map(Vec::as_slice).unwrap_or_default();
        for (x, upper) in upper.iter().enumerate() {
            let lower = pair.get(1).and_then(|row| row.get(x)).copied().unwrap_or(false);
            // In colours a block is dark, without it is light.
            text.push(match (*upper == coloured, lower == coloured) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        text.push_str(if coloured { "\u{1b}[0m\n" } else { "\n" });
    }
    Ok(text)
}

fn as_svg(address: &SecretString) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let text = code(address)?.render::<svg::Color<'_>>().min_dimensions(320, 320).build();
    Ok(Zeroizing::new(text.into_bytes()))
}

fn as_png(address: &SecretString) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let rows = modules(&code(address)?);
    let side = u32::try_from(rows.len() * SCALE)?;
    let mut pixels = Zeroizing::new(Vec::with_capacity(rows.len() * rows.len() * SCALE * SCALE));
    for row in &rows {
        let line: Zeroizing<Vec<u8>> = Zeroizing::new(
            row.iter().flat_map(|dark| std::iter::repeat_n(if *dark { 0 } else { u8::MAX }, SCALE)).collect(),
        );
        (0..SCALE).for_each(|_| pixels.extend_from_slice(&line));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    let mut encoder = png::Encoder::new(&mut *bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(bytes)
}
