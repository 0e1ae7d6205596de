namespace Runspaced.Host.Output;

/// <summary>How values of a type are written.</summary>
internal enum ValueKind
{
    Null,
    String,
    Char,
    Boolean,
    Switch,
    Integer,
    UnsignedInteger,
    WideInteger,
    Decimal,
    Double,
    Single,
    Half,
    DateTime,
    DateTimeOffset,
    DateOnly,
    TimeOnly,
    TimeSpan,
    Guid,

    /// <summary>As its name or names.</summary>
    Enum,

    /// <summary>As the text it stands for.</summary>
    Text,

    /// <summary>As the name of its type: it holds a whole world or nothing readable.</summary>
    Opaque,

    /// <summary>As the name it has on the web.</summary>
    Encoding,
    Xml,
    Json,
    ByteArray,
    ByteStream,
    Bytes,
    Secret,
    Credential,
    NetworkCredential,
    Error,
    RegexGroup,
    Dictionary,

    /// <summary>A dictionary that is one only through its generic interface.</summary>
    Pairs,

    NameValues,
    DataRow,
    DataTable,
    DataSet,
    Sequence,

    /// <summary>An object of its properties, but as its name where another .NET object refers to it.</summary>
    Entity,

    Object,
}
