using System;
using System.Collections;
using System.Collections.Generic;
using System.Collections.Specialized;
using System.Data;
using System.Dynamic;
using System.Management.Automation;
using System.Text.RegularExpressions;
using Runspaced.Host.Interop;
using Xunit;

namespace Runspaced.Host.Tests.Output;

public sealed class CollectionTests
{
    [PowerShellFact]
    public void Sequences()
    {
        Assert.Equal("[[1,[2,\"x\"],[]]]", Written.Of([new object[] { 1, new ArrayList { 2, "x" }, Array.Empty<int>() }]).Json);
        Assert.Equal("[[\"a\",\"b\"]]", Written.Of(new HashSet<string> { "a", "b" }).Json);
        Assert.Equal("[[1,2,3,4]]", Written.Of(new[,] { { 1, 2 }, { 3, 4 } }).Json);
        Assert.Equal("[[2,1]]", Written.Of(new Stack(new[] { 1, 2 })).Json);
    }

    [PowerShellFact]
    public void Dictionaries()
    {
        Assert.Equal("[{\"z\":1,\"a\":null}]", Written.Of(new OrderedDictionary { ["z"] = 1, ["a"] = null }).Json);
        Assert.Equal("[{\"1.5\":true}]", Written.Of(new Hashtable { [1.5] = true }).Json);
        Assert.Equal("[{}]", Written.Of(new Hashtable()).Json);
        Assert.Equal("[{\"wrapped\":1}]", Written.Of(new Hashtable { [PSObject.AsPSObject("wrapped")] = 1 }).Json);
        IDictionary<string, object?> expando = new ExpandoObject();
        expando["k"] = new[] { 1 };
        Assert.Equal("[{\"k\":[1]}]", Written.Of(expando).Json);
        Assert.Equal("[{\"n\":\"1,2\"}]", Written.Of(new NameValueCollection { { "n", "1" }, { "n", "2" } }).Json);
        Assert.Equal("[[{\"Key\":\"a\",\"Value\":1}]]", Written.Of(new List<KeyValuePair<string, int>> { new("a", 1) }).Json);
    }

    [PowerShellFact]
    public void Tables()
    {
        DataTable table = new("people");
        table.Columns.Add("Id", typeof(int));
        table.Columns.Add("Name");
        table.Rows.Add(1, "x");
        table.Rows.Add(DBNull.Value, "y");
        DataSet set = new();
        set.Tables.Add(table);

        Assert.Equal("[{\"Id\":1,\"Name\":\"x\"}]", Written.Of(table.Rows[0]).Json);
        Assert.Equal("[[{\"Id\":1,\"Name\":\"x\"},{\"Id\":null,\"Name\":\"y\"}]]", Written.Of(table).Json);
        Assert.Equal("[{\"Id\":1,\"Name\":\"x\"}]", Written.Of(table.DefaultView[0]).Json);
        Assert.StartsWith("[{\"people\":[{\"Id\":1,", Written.Of(set).Json, StringComparison.Ordinal);
    }

    [PowerShellFact]
    public void Match_HasFlatGroups()
    {
        Written written = Written.Of(Regex.Match("abc", "(?<x>b)"));

        Assert.Equal(
            "[{\"Name\":\"0\",\"Success\":true,\"Index\":1,\"Length\":1,\"Value\":\"b\",\"Groups\":["
            + "{\"Name\":\"0\",\"Success\":true,\"Index\":1,\"Length\":1,\"Value\":\"b\"},"
            + "{\"Name\":\"x\",\"Success\":true,\"Index\":1,\"Length\":1,\"Value\":\"b\"}]}]",
            written.Json);
        Assert.Empty(written.Cuts);
    }

    [PowerShellFact]
    public void Items_AreCutWithAMark()
    {
        Limits limits = new() { Items = 2 };

        Written known = Written.Of(limits, [new[] { 1, 2, 3, 4, 5 }]);
        Assert.Equal("[[1,2,{\"$truncated\":{\"reason\":\"items\",\"omitted\":3}}]]", known.Json);
        Assert.Equal(["items /0 3"], known.Cuts);
        Assert.True(known.TookAll);

        Written endless = Written.Of(limits, Endless());
        Assert.Equal("[[0,1,{\"$truncated\":{\"reason\":\"items\"}}]]", endless.Json);
        Assert.Equal(["items /0 ?"], endless.Cuts);

        Assert.Equal(
            "[{\"a\":1,\"b\":2,\"$truncated\":{\"reason\":\"items\",\"omitted\":1}}]",
            Written.Of(limits, new OrderedDictionary { ["a"] = 1, ["b"] = 2, ["c"] = 3 }).Json);
        Assert.Equal("[[1,2]]", Written.Of(limits, [new[] { 1, 2 }]).Json);
    }

    [PowerShellFact]
    public void Items_DoNotBoundTheOutputItself() => Assert.Equal(5, Written.Of(new Limits() { Items = 2 }, 1, 2, 3, 4, 5).Count);

    [PowerShellFact]
    public void Depth_IsCutWithAMark()
    {
        object nested = new object[] { new object[] { new object[] { 1, 2 }, Array.Empty<int>() } };

        Written written = Written.Of(new Limits() { Depth = 2 }, nested);

        Assert.Equal("[[[{\"$truncated\":{\"reason\":\"depth\",\"omitted\":2}},[]]]]", written.Json);
        Assert.Equal(["depth /0/0/0 2"], written.Cuts);
    }

    [PowerShellFact]
    public void Depth_OfAHundredThousandLevels_EndsAtTheLargestBudget()
    {
        object nested = 1;
        for (int level = 0; level < 100_000; level++)
        {
            nested = new[] { nested };
        }

        Written written = Written.Of(new Limits() { Depth = int.MaxValue }, [nested]);

        Assert.Equal(new string('[', 101), written.Json[..101]);
        Assert.Equal('{', written.Json[101]);
        Assert.Single(written.Cuts);
    }

    [PowerShellFact]
    public void Cycle_IsMarked_ButARepeatedValueIsNot()
    {
        Hashtable self = [];
        self["self"] = self;
        int[] twice = [1];

        Assert.Equal("[{\"self\":{\"$truncated\":{\"reason\":\"cycle\"}}}]", Written.Of(self).Json);
        Assert.Equal(["cycle /0/self ?"], Written.Of(self).Cuts);
        Assert.Equal("[[[1],[1]]]", Written.Of([new object[] { twice, twice }]).Json);
    }

    [PowerShellFact]
    public void FailingEnumerators_AreMarkedWhereTheyFail()
    {
        Assert.Equal("[[1,{\"$error\":\"no more\"}],2]", Written.Of(Failing(), 2).Json);
        Assert.Equal("[[{\"$error\":\"not even one\"}]]", Written.Of(new Unenumerable()).Json);
    }

    private static IEnumerable Endless()
    {
        for (int next = 0; ; next++)
        {
            yield return next;
        }
    }

    private static IEnumerable Failing()
    {
        yield return 1;
        throw new InvalidOperationException("no more");
    }

    private sealed class Unenumerable : IEnumerable
    {
        public IEnumerator GetEnumerator() => throw new InvalidOperationException("not even one");
    }
}
