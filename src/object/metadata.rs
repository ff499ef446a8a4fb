//! The `NT_AMDGPU_METADATA` note: MessagePack, one map a kernel.

use rmpv::ValueRef;

use super::ObjectError;
use super::kernarg::hidden_size;

/// What an argument is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ValueKind {
    /// A plain value, copied into the kernel arguments.
    ByValue,
    /// A 64-bit address of global memory.
    GlobalBuffer,
    /// An LDS offset behind the fixed LDS.
    DynamicSharedPointer,
    /// An argument that the compiler added, such as `hidden_block_count_x`; the launcher fills it.
    Hidden(String),
    /// Any other kind (images, samplers, pipes, queues), by its name.
    Other(String),
}

impl ValueKind {
    fn parse(name: &str) -> Self {
        match name {
            "by_value" => Self::ByValue,
            "global_buffer" => Self::GlobalBuffer,
            "dynamic_shared_pointer" => Self::DynamicSharedPointer,
            _ if name.starts_with("hidden_") => Self::Hidden(name.into()),
            _ => Self::Other(name.into()),
        }
    }

    /// The metadata's word for it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::ByValue => "by_value",
            Self::GlobalBuffer => "global_buffer",
            Self::DynamicSharedPointer => "dynamic_shared_pointer",
            Self::Hidden(name) | Self::Other(name) => name,
        }
    }
}

/// One argument of a kernel.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Arg {
    /// The source's name for it, when the compiler kept it.
    pub name: Option<String>,
    /// Bytes from the start of the kernel arguments.
    pub offset: u32,
    /// Bytes.
    pub size: u32,
    /// What it is.
    pub kind: ValueKind,
    /// `global`, `local`, …, for pointers.
    pub address_space: Option<String>,
    /// `read_only`, `write_only` or `read_write` as declared, or as the compiler found (`.actual_access`).
    pub access: Option<String>,
    /// The source's type, such as `float*`.
    pub type_name: Option<String>,
    /// `.value_type`, such as `f32`: older producers only.
    pub value_type: Option<String>,
}

/// A kernel's map as written; the loader joins it with the descriptor.
#[derive(Debug, Clone, Default)]
pub(super) struct KernelMeta {
    pub(super) name: String,
    pub(super) symbol: String,
    pub(super) args: Vec<Arg>,
    pub(super) kernarg_segment_size: u32,
    pub(super) kernarg_segment_align: u32,
    pub(super) wavefront_size: u32,
    pub(super) sgpr_count: u32,
    pub(super) vgpr_count: u32,
    pub(super) group_segment_fixed_size: u32,
    pub(super) private_segment_fixed_size: u32,
    pub(super) max_flat_workgroup_size: u32,
    pub(super) reqd_workgroup_size: Option<[u32; 3]>,
    pub(super) uses_dynamic_stack: bool,
    pub(super) uniform_workgroups: bool,
    pub(super) sgpr_spills: u32,
    pub(super) vgpr_spills: u32,
}

/// The note's content.
#[derive(Debug, Clone, Default)]
pub(super) struct Metadata {
    pub(super) target: Option<String>,
    pub(super) kernels: Vec<KernelMeta>,
}

type Map<'a> = [(ValueRef<'a>, ValueRef<'a>)];

fn bad(what: impl Into<String>) -> ObjectError {
    ObjectError::Metadata { what: what.into() }
}

fn map<'a, 'v>(value: &'v ValueRef<'a>, what: &str) -> Result<&'v Map<'a>, ObjectError> {
    match value {
        ValueRef::Map(entries) => Ok(entries),
        _ => Err(bad(format!("{what} is not a map"))),
    }
}

fn get<'a, 'v>(entries: &'v Map<'a>, key: &str) -> Option<&'v ValueRef<'a>> {
    let is_key = |k: &ValueRef<'a>| matches!(k, ValueRef::String(s) if s.as_str() == Some(key));
    entries.iter().find(|(k, _)| is_key(k)).map(|(_, v)| v)
}

fn string(entries: &Map<'_>, key: &str) -> Result<Option<String>, ObjectError> {
    match get(entries, key) {
        None => Ok(None),
        Some(ValueRef::String(s)) => match s.as_str() {
            Some(s) => Ok(Some(s.to_string())),
            None => Err(bad(format!("{key} is not UTF-8"))),
        },
        Some(_) => Err(bad(format!("{key} is not a string"))),
    }
}

fn as_u32(value: &ValueRef<'_>, key: &str) -> Result<u32, ObjectError> {
    match value {
        ValueRef::Integer(n) => {
            n.as_u64().and_then(|n| u32::try_from(n).ok()).ok_or_else(|| bad(format!("{key} is {n}, not a u32")))
        }
        _ => Err(bad(format!("{key} is not an integer"))),
    }
}

fn optional_u32(entries: &Map<'_>, key: &str) -> Result<Option<u32>, ObjectError> {
    get(entries, key).map(|v| as_u32(v, key)).transpose()
}

/// A boolean, or an integer as LLVM writes `.uniform_work_group_size`; absent means no.
fn flag(entries: &Map<'_>, key: &str) -> Result<bool, ObjectError> {
    match get(entries, key) {
        None => Ok(false),
        Some(ValueRef::Boolean(on)) => Ok(*on),
        Some(ValueRef::Integer(n)) => Ok(n.as_u64() != Some(0)),
        Some(_) => Err(bad(format!("{key} is not a boolean"))),
    }
}

fn required_u32(entries: &Map<'_>, key: &str) -> Result<u32, ObjectError> {
    optional_u32(entries, key)?.ok_or_else(|| bad(format!("{key} is missing")))
}

fn required_string(entries: &Map<'_>, key: &str) -> Result<String, ObjectError> {
    string(entries, key)?.ok_or_else(|| bad(format!("{key} is missing")))
}

fn array<'a, 'v>(entries: &'v Map<'a>, key: &str) -> Result<&'v [ValueRef<'a>], ObjectError> {
    match get(entries, key) {
        None => Ok(&[]),
        Some(ValueRef::Array(items)) => Ok(items),
        Some(_) => Err(bad(format!("{key} is not an array"))),
    }
}

fn arg(value: &ValueRef<'_>) -> Result<Arg, ObjectError> {
    let m = map(value, "an argument")?;
    let arg = Arg {
        name: string(m, ".name")?,
        offset: required_u32(m, ".offset")?,
        size: required_u32(m, ".size")?,
        kind: ValueKind::parse(&required_string(m, ".value_kind")?),
        address_space: string(m, ".address_space")?,
        access: match string(m, ".access")? {
            Some(access) => Some(access),
            None => string(m, ".actual_access")?,
        },
        type_name: string(m, ".type_name")?,
        value_type: string(m, ".value_type")?,
    };
    if let ValueKind::Hidden(name) = &arg.kind
        && let Some(size) = hidden_size(name).filter(|&size| size != arg.size)
    {
        return Err(bad(format!("{name} has {} bytes, and it is of {size}", arg.size)));
    }
    Ok(arg)
}

fn kernel(value: &ValueRef<'_>) -> Result<KernelMeta, ObjectError> {
    let m = map(value, "a kernel")?;
    let reqd = array(m, ".reqd_workgroup_size")?;
    let reqd_workgroup_size = match reqd {
        [] => None,
        [x, y, z] => {
            let key = ".reqd_workgroup_size";
            Some([as_u32(x, key)?, as_u32(y, key)?, as_u32(z, key)?])
        }
        _ => return Err(bad(".reqd_workgroup_size does not have 3 elements")),
    };
    Ok(KernelMeta {
        name: required_string(m, ".name")?,
        symbol: required_string(m, ".symbol")?,
        args: array(m, ".args")?.iter().map(arg).collect::<Result<_, _>>()?,
        kernarg_segment_size: required_u32(m, ".kernarg_segment_size")?,
        kernarg_segment_align: required_u32(m, ".kernarg_segment_align")?,
        wavefront_size: required_u32(m, ".wavefront_size")?,
        sgpr_count: required_u32(m, ".sgpr_count")?,
        vgpr_count: required_u32(m, ".vgpr_count")?,
        group_segment_fixed_size: required_u32(m, ".group_segment_fixed_size")?,
        private_segment_fixed_size: required_u32(m, ".private_segment_fixed_size")?,
        max_flat_workgroup_size: required_u32(m, ".max_flat_workgroup_size")?,
        reqd_workgroup_size,
        uses_dynamic_stack: flag(m, ".uses_dynamic_stack")?,
        uniform_workgroups: flag(m, ".uniform_work_group_size")?,
        sgpr_spills: optional_u32(m, ".sgpr_spill_count")?.unwrap_or(0),
        vgpr_spills: optional_u32(m, ".vgpr_spill_count")?.unwrap_or(0),
    })
}

/// Nesting of a real note is 5; a hostile one must not exhaust the stack.
const MAX_DEPTH: usize = 32;

/// Decodes the note's descriptor bytes.
pub(super) fn parse(mut desc: &[u8]) -> Result<Metadata, ObjectError> {
    let value = rmpv::decode::read_value_ref_with_max_depth(&mut desc, MAX_DEPTH)
        .map_err(|e| bad(format!("not MessagePack: {e}")))?;
    let root = map(&value, "the document")?;
    Ok(Metadata {
        target: string(root, "amdhsa.target")?,
        kernels: array(root, "amdhsa.kernels")?.iter().map(kernel).collect::<Result<_, _>>()?,
    })
}
