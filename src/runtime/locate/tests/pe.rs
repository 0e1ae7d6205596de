//! PE images with nothing in them but a version resource.

const BASE: u32 = 0x2000;

fn words(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// A block of the version resource: key, value, blocks in it.
fn block(key: &str, value: &[u8], units: u16, is_text: bool, inside: &[Vec<u8>]) -> Vec<u8> {
    let mut all = vec![0, 0];
    all.extend(units.to_le_bytes());
    all.extend(u16::from(is_text).to_le_bytes());
    all.extend(words(key));
    pad(&mut all);
    all.extend(value);
    for block in inside {
        pad(&mut all);
        all.extend(block);
    }
    let length = u16::try_from(all.len()).unwrap().to_le_bytes();
    all[..2].copy_from_slice(&length);
    all
}

fn pad(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

fn version_info(product: &str, [a, b, c, d]: [u16; 4]) -> Vec<u8> {
    let text = |key: &str, value: &str| {
        block(key, &words(value), u16::try_from(value.len() + 1).unwrap(), true, &[])
    };
    let texts =
        block("040904b0", &[], 0, true, &[text("FileVersion", "1.2.3.4"), text("ProductVersion", product)]);
    let file_info = block("StringFileInfo", &[], 0, true, &[texts]);
    let mut fixed = Vec::new();
    let version = [u32::from(a) << 16 | u32::from(b), u32::from(c) << 16 | u32::from(d)];
    for number in [0xfeef_04bd, 0x10000, 0, 0, version[0], version[1], 0, 0, 0, 0, 0, 0, 0_u32] {
        fixed.extend(number.to_le_bytes());
    }
    block("VS_VERSION_INFO", &fixed, 52, false, &[file_info])
}

/// An image for x86-64 whose one section holds the version resource.
pub(crate) fn image(product: &str, fixed: [u16; 4]) -> Vec<u8> {
    // Three folders (type, name, language) of one entry each, the leaf, the data.
    let mut resources = Vec::new();
    for (id, offset) in [(16_u32, 0x8000_0018_u32), (1, 0x8000_0030), (0x409, 0x48)] {
        resources.extend([0; 12]);
        resources.extend(0_u16.to_le_bytes());
        resources.extend(1_u16.to_le_bytes());
        resources.extend(id.to_le_bytes());
        resources.extend(offset.to_le_bytes());
    }
    let data = version_info(product, fixed);
    resources.extend((BASE + 0x58).to_le_bytes());
    resources.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    resources.extend([0; 8]);
    resources.extend(data);

    let mut image = vec![0; 0x200];
    let mut put = |at: usize, bytes: &[u8]| image[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MZ");
    put(0x3c, &0x80_u32.to_le_bytes());
    put(0x80, b"PE\0\0");
    put(0x84, &0x8664_u16.to_le_bytes());
    put(0x86, &1_u16.to_le_bytes());
    put(0x94, &0xf0_u16.to_le_bytes());
    put(0x98, &0x20b_u16.to_le_bytes());
    put(0x98 + 112 + 16, &BASE.to_le_bytes());
    let section = 0x98 + 0xf0;
    put(section + 12, &BASE.to_le_bytes());
    put(section + 16, &u32::try_from(resources.len()).unwrap().to_le_bytes());
    put(section + 20, &0x200_u32.to_le_bytes());
    image.extend(resources);
    image
}
