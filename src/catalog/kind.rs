//! Kinds of values, by the types of PowerShell.

/// What kind of value it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// Text from which PowerShell makes a value of a type of its own.
    Converted,
    /// Text of a form that JSON Schema names: `date-time`, `uuid`, `uri`.
    Formatted(&'static str),
    /// Text in a form of its own, said in words.
    Described(&'static str),
    Integer,
    Number,
    Boolean,
    /// `false` is the same as nothing, and is not passed on.
    Switch,
    /// On, off, or nothing: the command tells nothing from off.
    Tristate,
    Object,
    Any,
}

/// The words of [`Kind::Tristate`].
pub(crate) const TRISTATE: [&str; 2] = ["on", "off"];

impl Kind {
    /// By the name of the type as PowerShell shows it.
    ///
    /// # Errors
    /// Why no argument can be of that type.
    pub(crate) fn of(type_name: &str) -> Result<Self, &'static str> {
        let name = type_name.to_ascii_lowercase();
        let name =
            name.strip_prefix("system.nullable[").and_then(|name| name.strip_suffix(']')).unwrap_or(&name);
        let name = name.strip_prefix("system.").unwrap_or(name);
        Ok(match name {
            "string" | "char" => Kind::Text,
            "byte"
            | "sbyte"
            | "int16"
            | "short"
            | "uint16"
            | "ushort"
            | "int"
            | "int32"
            | "uint"
            | "uint32"
            | "long"
            | "int64"
            | "ulong"
            | "uint64"
            | "bigint"
            | "numerics.biginteger" => Kind::Integer,
            "double" | "single" | "float" | "decimal" => Kind::Number,
            "bool" | "boolean" => Kind::Boolean,
            "switch" | "management.automation.switchparameter" => Kind::Switch,
            "datetime" | "datetimeoffset" => Kind::Formatted("date-time"),
            "guid" => Kind::Formatted("uuid"),
            "uri" => Kind::Formatted("uri"),
            "timespan" => Kind::Described("a time span such as 1.02:03:04 (days.hours:minutes:seconds)"),
            "byte[]" => Kind::Described("bytes as base64"),
            "securestring"
            | "security.securestring"
            | "pscredential"
            | "management.automation.pscredential" => {
                return Err("secrets are not taken as arguments");
            }
            "hashtable"
            | "collections.hashtable"
            | "collections.idictionary"
            | "ordered"
            | "collections.specialized.ordereddictionary" => Kind::Object,
            "object" | "psobject" | "pscustomobject" | "management.automation.psobject" => Kind::Any,
            _ if name.starts_with("collections.generic.dictionary") || name.contains("idictionary[") => {
                Kind::Object
            }
            _ => Kind::Converted,
        })
    }
}
