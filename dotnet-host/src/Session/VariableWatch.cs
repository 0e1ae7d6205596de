using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Runtime.CompilerServices;

namespace Runspaced.Host.Session;

/// <summary>
/// The variables of one scope: which there are, what they hold, by reference, and what they may hold. An object that
/// is changed in place is not seen.
/// </summary>
internal sealed class VariableWatch(Dictionary<string, PSVariable> table, string kind, string prefix = "") : StateWatch
{
    /// <summary>What a native command answered last.</summary>
    internal const string NativeExitCode = "LASTEXITCODE";

    private const string ErrorTrace = "StackTrace";

    // The field behind PSVariable.Value, which goes through the debugger. Without it the property is read.
    private static readonly bool s_hasField = typeof(PSVariable).GetField(
        "_value", System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic) is { } field && field.FieldType == typeof(object);

    private static readonly bool s_hasOptions = typeof(PSVariable).GetField(
        "_options", System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic)?.FieldType == typeof(ScopedItemOptions);

    // In the place of the value of a variable that is not compared.
    private static readonly object s_untracked = new();

    private readonly Dictionary<string, PSVariable> _table = table;
    private string[] _names = [];
    private PSVariable[] _variables = [];
    private object?[] _values = [];
    private Rules[] _rules = [];

    internal override void Capture()
    {
        int count = _table.Count;
        _names = new string[count];
        _variables = new PSVariable[count];
        _values = new object?[count];
        _rules = new Rules[count];
        int index = 0;
        foreach ((string name, PSVariable variable) in _table)
        {
            _names[index] = name;
            _variables[index] = variable;
            _values[index] = Tracks(name, variable) ? ValueOf(variable) : s_untracked;
            _rules[index] = Rules.Of(variable);
            index++;
        }
    }

    /// <summary>Removes what PowerShell itself sets in the global scope while a call runs.</summary>
    internal void DropEngineVariables()
    {
        Drop(NativeExitCode);
        Drop(ErrorTrace);
    }

    /// <summary>Takes one variable as it is now into the baseline (or out of it), and leaves the others.</summary>
    internal void Accept(string name)
    {
        int index = IndexOf(name);
        if (!_table.TryGetValue(name, out PSVariable? variable))
        {
            if (index >= 0)
            {
                _names = Without(_names, index);
                _variables = Without(_variables, index);
                _values = Without(_values, index);
                _rules = Without(_rules, index);
            }

            return;
        }

        if (index < 0)
        {
            index = _names.Length;
            Array.Resize(ref _names, index + 1);
            Array.Resize(ref _variables, index + 1);
            Array.Resize(ref _values, index + 1);
            Array.Resize(ref _rules, index + 1);
        }

        _names[index] = name;
        _variables[index] = variable;
        _values[index] = Tracks(name, variable) ? ValueOf(variable) : s_untracked;
        _rules[index] = Rules.Of(variable);
    }

    internal override bool HasChanged()
    {
        PSVariable[] variables = _variables;
        if (_table.Count != variables.Length)
        {
            return true;
        }

        int index = 0;
        foreach ((string _, PSVariable variable) in _table)
        {
            if (!ReferenceEquals(variable, variables[index]) || Differs(variable, index))
            {
                return true;
            }

            index++;
        }

        return false;
    }

    internal override void Report(ChangeList changes)
    {
        foreach ((string name, PSVariable variable) in _table)
        {
            int index = IndexOf(name);
            if (index < 0 || !ReferenceEquals(variable, _variables[index]) || Differs(variable, index))
            {
                changes.Add(kind, prefix + name);
            }
        }

        foreach (string name in _names)
        {
            if (!_table.ContainsKey(name))
            {
                changes.Add(kind, prefix + name);
            }
        }
    }

    internal override void Restore()
    {
        // Emptied first, so that the order is that of the baseline again.
        _table.Clear();
        for (int index = 0; index < _names.Length; index++)
        {
            PSVariable variable = _variables[index];
            if (Differs(variable, index))
            {
                // Adding a rule checks the value, so that comes first.
                SetValue(variable, _values[index]);
                _rules[index].Restore(variable);
            }

            _table[_names[index]] = variable;
        }
    }

    private bool Differs(PSVariable variable, int index)
    {
        object? baseline = _values[index];
        if (ReferenceEquals(baseline, s_untracked))
        {
            return false;
        }

        object? value = ValueOf(variable);
        return (!ReferenceEquals(value, baseline) && !SameScalar(value, baseline)) || _rules[index].Differ(variable);
    }

    // A value set again to what it was is no change.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool SameScalar(object? value, object? baseline) =>
        value is not null
        && baseline is not null
        && (value is string or bool or int or long or double or decimal or Enum)
        && value.Equals(baseline);

    // Other types compute their value. The location is watched by itself, the call's number is ours, and
    // PowerShell sets two by itself, which no script expects to find from another.
    private static bool Tracks(string name, PSVariable variable) =>
        variable.GetType() == typeof(PSVariable) && name is not ("PWD" or SlotSession.CallIdVariable or NativeExitCode or ErrorTrace);

    private static object? ValueOf(PSVariable variable) => s_hasField ? Field(variable) : variable.Value;

    private static void SetValue(PSVariable variable, object? value)
    {
        if (s_hasField)
        {
            // Past the variable's own checks: it may have become read-only or got a validation since.
            Field(variable) = value;
            return;
        }

        variable.Value = value;
    }

    private static ScopedItemOptions OptionsOf(PSVariable variable) => s_hasOptions ? Options(variable) : variable.Options;

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_options")]
    private static extern ref ScopedItemOptions Options(PSVariable variable);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_value")]
    private static extern ref object? Field(PSVariable variable);

    private int IndexOf(string name)
    {
        for (int index = 0; index < _names.Length; index++)
        {
            if (_names[index].Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return index;
            }
        }

        return -1;
    }

    private void Drop(string name)
    {
        if (_table.ContainsKey(name) && IndexOf(name) < 0)
        {
            _table.Remove(name);
        }
    }

    private static T[] Without<T>(T[] items, int index)
    {
        List<T> rest = [.. items];
        rest.RemoveAt(index);
        return [.. rest];
    }

    // Who may set a variable, and to what: read-only, typed, validated.
    private readonly struct Rules
    {
        private readonly ScopedItemOptions _options;
        private readonly Attribute[]? _attributes;

        private Rules(ScopedItemOptions options, Attribute[]? attributes)
        {
            _options = options;
            _attributes = attributes;
        }

        internal static Rules Of(PSVariable variable) => variable.GetType() == typeof(PSVariable)
            ? new Rules(OptionsOf(variable), variable.Attributes.Count == 0 ? null : [.. variable.Attributes])
            : default;

        internal bool Differ(PSVariable variable)
        {
            System.Collections.ObjectModel.Collection<Attribute> attributes = variable.Attributes;
            if (OptionsOf(variable) != _options || attributes.Count != (_attributes?.Length ?? 0))
            {
                return true;
            }

            for (int index = 0; index < attributes.Count; index++)
            {
                if (!ReferenceEquals(attributes[index], _attributes![index]))
                {
                    return true;
                }
            }

            return false;
        }

        internal void Restore(PSVariable variable)
        {
            if (s_hasOptions)
            {
                Options(variable) = ScopedItemOptions.None;
            }

            variable.Attributes.Clear();
            foreach (Attribute attribute in _attributes ?? [])
            {
                variable.Attributes.Add(attribute);
            }

            if (s_hasOptions)
            {
                Options(variable) = _options;
            }
        }
    }
}
