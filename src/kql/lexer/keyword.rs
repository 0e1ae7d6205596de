//! The words and compound words that KQL reserves, and where they may still serve as names.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Reserved everywhere, unless the position is one of the extended ones below.
const RESERVED: &str = "\
__crossCluster __crossDB __id __isFuzzy __noWithSource __packedColumn __sourceColumnIndex 3Dchart accumulate and \
anomalychart areachart as asc assert-schema bagexpansion barchart between bin_legacy by cachingpolicy callout cancel card \
columnchart commands-and-queries contains containscs contains_cs __contextual_datatable cycles dataexport datascope datatable \
decodeblocks desc earliest endswith endswith_cs encodingpolicy __executeAndCache expandoutput extent_tags_retention \
externaldata external_data find first flags granny-asc granny-desc graph-match graph-shortest-paths graph-to-table \
harddelete hardretention has_any has_all has has_cs hasprefix hasprefix_cs hassuffix hassuffix_cs hint.concurrency \
hint.distribution hint.materialized hint.num_partitions hint.progressive_top hint.shufflekey hint.spread hint.remote \
hint.strategy hotcache in in~ invoke isfuzzy force_remote journal kind ladderchart last latest like likecs linechart \
macro-expand make-graph graph-mark-components graph-where-nodes graph-where-edges make-series materialize \
materialized-view-combine materialized-views mdm missing mv-apply mv-expand nooptimization !between notcontains \
notcontainscs !contains !contains_cs !endswith !endswith_cs !has !has_cs !hasprefix !hasprefix_cs !hassuffix \
!hassuffix_cs !in !in~ notlike notlikecs !startswith !startswith_cs of or others parse-where parse-kv partitioned-by \
pathformat piechart pivotchart print project project-away __projectAway project-by-names project-keep project-rename \
project-reorder project-smart queries query_results relaxed restricted_view_access row_level_security rowstore \
rowstore_references rowstore_sealinfo rowstorepolicy rowstores sample sample-distinct scatterchart seal seals search set \
set-or-append set-or-replace shards simple softdelete softretention sql stackedareachart startswith startswith_cs \
statistics storedqueryresultcontainers tablepurge timechart timeline timepivot title to top-hitters top-nested toscalar \
totable treemap union unrestrictedviewers verbose viewers views where with_itemindex with_match_id with_source \
with_step_name withsource writeaheadlog boolean byte char date datetime double dynamic float int int16 int32 int64 int8 \
long real decimal string time timespan uint uint16 uint32 uint64 uint8 ulong uniqueid";

/// Words with a meaning in their place that are names everywhere else.
const SOFT: &str = "\
access alias bin consume count database declare default distinct edges entity_group evaluate extend dataformat \
inline_external_table datetime_pattern facet filter fork from getschema id best_effort join let limit lookup mvapply mvexpand \
nodes null nulls on optional order output pack parse __partitionby partition pattern plotly graph query_parameters range \
reduce regex render restrict scan serialize sort step summarize take top typeof view with with_node_id bool guid uuid";

/// Reserved words that are names where a name is declared or listed.
const EXTENDED: &str = "\
accumulate as by contains datatable earliest externaldata find has in invoke latest materialize mdm of print sample \
sample-distinct search set sql title to toscalar totable top-nested top-hitters verbose viewers where";

/// How a word may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// It is a name in every position.
    pub soft: bool,
    /// It is a name where names are declared or listed.
    pub extended: bool,
}

static WORDS: LazyLock<HashMap<&'static str, Word>> = LazyLock::new(|| {
    let extended: HashSet<_> = EXTENDED.split(' ').collect();
    let reserved = RESERVED.split(' ').chain(["matches regex"]);
    let mut words: HashMap<_, _> =
        reserved.map(|word| (word, Word { soft: false, extended: extended.contains(word) })).collect();
    words.extend(SOFT.split(' ').map(|word| (word, Word { soft: true, extended: true })));
    words
});

/// Words by first byte, longest first: the longest one that fits is the token.
static BY_FIRST_BYTE: LazyLock<HashMap<u8, Vec<&'static str>>> = LazyLock::new(|| {
    let mut map: HashMap<u8, Vec<&'static str>> = HashMap::new();
    for word in WORDS.keys() {
        map.entry(word.as_bytes()[0]).or_default().push(word);
    }
    for words in map.values_mut() {
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    }
    map
});

/// How `text` may be used, if it is a word of the language.
pub fn lookup(text: &str) -> Option<Word> {
    WORDS.get(text).copied()
}

/// The longest word of the language that `rest` begins with.
pub fn longest(rest: &str) -> Option<&'static str> {
    let candidates = BY_FIRST_BYTE.get(rest.as_bytes().first()?)?;
    candidates.iter().copied().find(|word| rest.starts_with(word))
}
