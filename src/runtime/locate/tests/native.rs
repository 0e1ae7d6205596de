//! Native files with nothing in them but what says what they are made for.

/// A shared library for an ELF machine that needs one library.
pub(crate) fn elf(machine: u16, needs: &str) -> Vec<u8> {
    const HEADERS: u64 = 64;
    const DYNAMIC: u64 = HEADERS + 2 * 56;
    const STRINGS: u64 = DYNAMIC + 4 * 16;

    let mut strings = vec![0];
    strings.extend(needs.as_bytes());
    strings.push(0);
    let size = STRINGS + strings.len() as u64;

    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend(3_u16.to_le_bytes());
    file.extend(machine.to_le_bytes());
    file.extend(1_u32.to_le_bytes());
    for number in [0, HEADERS, 0] {
        file.extend(number.to_le_bytes());
    }
    file.extend(0_u32.to_le_bytes());
    for number in [64_u16, 56, 2, 64, 0, 0] {
        file.extend(number.to_le_bytes());
    }
    // (type, offset, size): everything, shifted in memory; the dynamic section.
    for (kind, offset, size) in [(1_u32, 0, size), (2, DYNAMIC, 4 * 16)] {
        file.extend(kind.to_le_bytes());
        file.extend(4_u32.to_le_bytes());
        for number in [offset, offset + 0x1000, 0, size, size, 8] {
            file.extend(number.to_le_bytes());
        }
    }
    for (tag, value) in [(1_u64, 1), (5, STRINGS + 0x1000), (10, strings.len() as u64), (0, 0)] {
        file.extend(tag.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend(strings);
    file
}

/// Machine numbers of ELF.
pub(crate) const X86_64: u16 = 0x3e;
pub(crate) const AARCH64: u16 = 0xb7;

/// A library that fits this program.
pub(crate) fn ours() -> Vec<u8> {
    if cfg!(windows) {
        let mut image = super::pe::image("1.0.0", [1, 0, 0, 0]);
        if cfg!(target_arch = "aarch64") {
            image[0x84..0x86].copy_from_slice(&0xaa64_u16.to_le_bytes());
        }
        image
    } else if cfg!(target_vendor = "apple") {
        mach_o(cfg!(target_arch = "aarch64"))
    } else {
        let machine = if cfg!(target_arch = "aarch64") { AARCH64 } else { X86_64 };
        elf(machine, if cfg!(target_env = "musl") { "libc.musl-x86_64.so.1" } else { "libc.so.6" })
    }
}

/// A library for another processor of the same system.
pub(crate) fn other_processor() -> Vec<u8> {
    if cfg!(windows) {
        let mut image = super::pe::image("1.0.0", [1, 0, 0, 0]);
        image[0x84..0x86].copy_from_slice(&0x014c_u16.to_le_bytes());
        image
    } else if cfg!(target_vendor = "apple") {
        mach_o(!cfg!(target_arch = "aarch64"))
    } else {
        elf(if cfg!(target_arch = "aarch64") { X86_64 } else { AARCH64 }, "libc.so.6")
    }
}

pub(crate) fn mach_o(arm: bool) -> Vec<u8> {
    let cpu: u32 = if arm { 0x0100_000c } else { 0x0100_0007 };
    [[0xcf, 0xfa, 0xed, 0xfe], cpu.to_le_bytes(), [0; 4]].concat()
}

/// A universal Mach-O file for both processors.
pub(crate) fn universal() -> Vec<u8> {
    let mut file = [[0xca, 0xfe, 0xba, 0xbe], 2_u32.to_be_bytes()].concat();
    for cpu in [0x0100_0007_u32, 0x0100_000c] {
        file.extend(cpu.to_be_bytes());
        file.extend([0; 16]);
    }
    file
}
