//! Compressed bodies, for the faults that cut or inflate them.

use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compress, Compression, Crc, FlushCompress};

/// How many spaces one compressed block contains.
const BLOCK: usize = 1 << 16;

/// A gzip header without file name, time and system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

pub fn compressed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(body).and_then(|()| encoder.finish());
    written.expect("memory takes everything")
}

/// At least this many spaces, then the body. To compress them all would take long, so one block
/// that refers to nothing before it is compressed once and repeated, and checksums are combined.
pub fn bomb(body: &[u8], blanks: u64) -> Vec<u8> {
    let spaces = vec![b' '; BLOCK];
    let block = independent_block(&spaces);
    let mut block_sum = Crc::new();
    block_sum.update(&spaces);
    let mut out = HEADER.to_vec();
    let mut sum = Crc::new();
    for _ in 0..blanks.div_ceil(BLOCK as u64) {
        out.extend_from_slice(&block);
        sum.combine(&block_sum);
    }
    let mut last = DeflateEncoder::new(out, Compression::fast());
    let written = last.write_all(body).and_then(|()| last.finish());
    out = written.expect("memory takes everything");
    let mut body_sum = Crc::new();
    body_sum.update(body);
    sum.combine(&body_sum);
    out.extend_from_slice(&sum.sum().to_le_bytes());
    out.extend_from_slice(&sum.amount().to_le_bytes());
    out
}

/// A block that ends at a whole byte, refers to nothing before it, and does not end the stream.
fn independent_block(content: &[u8]) -> Vec<u8> {
    let mut block = Vec::with_capacity(content.len());
    let mut compress = Compress::new(Compression::best(), false);
    let status = compress.compress_vec(content, &mut block, FlushCompress::Full);
    status.expect("there is room for the block even if it did not compress");
    block
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn a_bomb_is_valid_and_much_smaller_than_what_it_holds() {
        let bomb = bomb(b"{}", 3_000_000);
        let mut text = String::new();
        GzDecoder::new(bomb.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        assert!(text.len() >= 3_000_000 && text.trim_start() == "{}");
        assert!(bomb.len() < 10_000, "{}", bomb.len());
    }
}
