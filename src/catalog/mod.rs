//! Tools from commands: what PowerShell knows about its commands becomes names, schemas and hints for clients.
//!
//! ```text
//! discovery   asks PowerShell: Exposure -> Findings (commands, and the files they come from)
//! cache       the findings on disk, and the list that was made of them, so that the next start need not ask
//! keeper      cache first, PowerShell then, files watched after that; says when the tools have changed
//! feed        what of that is known at a moment
//! Catalog     findings and native tools -> tools: names, schemas, hints, toolsets, search
//! arguments   a call's arguments against a tool
//! ```

mod annotations;
mod arguments;
mod cache;
mod command;
mod correction;
mod description;
mod discovery;
mod exposure;
mod feed;
mod finder;
mod keeper;
mod kind;
mod listing;
mod name;
mod native;
mod opening;
mod parameter;
mod rules;
mod sample;
mod schema;
mod sealed;
mod search;
mod sets;
mod stamp;
mod survey;
mod tool;
mod toolset;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

pub(crate) use annotations::Annotations;
pub(crate) use arguments::bind;
pub(crate) use cache::CatalogCache;
pub(crate) use command::{Command, CommandParameter};
pub use exposure::{Exposure, ToolOverride, ToolSearch};
pub(crate) use feed::CatalogFeed;
#[cfg(test)]
pub(crate) use feed::CatalogState;
pub(crate) use finder::{Finding, INVOKE, INVOKED_ARGUMENTS};
pub(crate) use keeper::{Keeper, KeeperTask, Lister, Natives};
pub(crate) use listing::Listing;
pub(crate) use native::NativeTool;
#[cfg(test)]
pub(crate) use native::tests::native as test_native;
pub(crate) use opening::Opening;
pub(crate) use schema::arguments_schema;
pub use survey::{Left, Mapping, Survey, SurveyedTool};
#[cfg(test)]
pub(crate) use tool::tests::command as test_command;
pub(crate) use tool::{Finder, Target, ToolSpec};

use search::SearchIndex;

/// Tools beyond which clients get those to search for tools.
const MANY_TOOLS: usize = 80;

/// The tools that a server has, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Catalog {
    tools: BTreeMap<String, ToolSpec>,
    /// Commands that were asked for and are not offered.
    pub(crate) left_out: Vec<LeftOutCommand>,
    /// Remarks for whoever runs the server.
    pub(crate) remarks: Vec<String>,
    toolsets: BTreeMap<String, Vec<String>>,
    /// Commands are found by searching; clients see the finder's tools in place of theirs.
    searched: bool,
    /// Why there are no tools made of commands although some were named.
    no_commands: Option<String>,
    index: OnceLock<SearchIndex>,
}

/// A command that is not offered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LeftOutCommand {
    pub(crate) command: String,
    pub(crate) origin: String,
    pub(crate) reason: String,
}

impl Catalog {
    /// Makes tools of commands, and takes those of other sources. A command that was found twice is one tool.
    ///
    /// # Errors
    /// If two would have the same name: both origins, and what renames one of them. If a toolset does not exist.
    pub(crate) fn of(
        commands: &[Command],
        natives: &[NativeTool],
        exposure: &Exposure,
    ) -> Result<Self, String> {
        let mut catalog = Self { toolsets: exposure.toolset_definitions.clone(), ..Self::default() };
        let mut used = BTreeSet::new();
        for native in natives {
            catalog.add(ToolSpec::native(native.clone())?)?;
        }
        for command in commands {
            let tool = match ToolSpec::of(command) {
                Ok(tool) => tool,
                Err(reason) => {
                    let (command, origin) = (command.name.clone(), command.origin());
                    catalog.left_out.push(LeftOutCommand { command, origin, reason });
                    continue;
                }
            };
            let tool = match exposure.override_of(&command.name, &command.module, &tool.name) {
                None => tool,
                Some((name, by)) => {
                    used.insert(name);
                    tool.overridden(by)?
                }
            };
            if !catalog.yields_to_native(command, &tool) {
                catalog.add(tool)?;
            }
        }
        for name in exposure.overrides.keys().filter(|name| !used.contains(name.as_str())) {
            catalog.remarks.push(format!("mcp.tools.{name} belongs to no command that is exposed"));
        }
        catalog.keep_toolsets(&exposure.toolsets)?;
        let of_commands =
            catalog.tools.values().filter(|tool| matches!(tool.target, Target::Command(_))).count();
        catalog.searched = of_commands > 0
            && match exposure.tool_search {
                ToolSearch::Always => true,
                ToolSearch::Never => false,
                ToolSearch::Auto => catalog.tools.len() > MANY_TOOLS,
            };
        catalog.add_finder()?;
        Ok(catalog)
    }

    /// Settles which of a native tool and a command of the same name is the tool: the command, as somebody named it, unless it
    /// is the function that does what the native tool does. True if the command is not to be added.
    fn yields_to_native(&mut self, command: &Command, tool: &ToolSpec) -> bool {
        let Some(native) = self.tools.get(&tool.name) else { return false };
        if !matches!(native.target, Target::Native { .. }) {
            return false;
        }
        if native.twin.as_deref().is_some_and(|module| module.eq_ignore_ascii_case(&command.module)) {
            return true;
        }
        self.remarks.push(format!("{} is {}, in place of {}", tool.name, tool.origin, native.origin));
        self.tools.remove(&tool.name);
        false
    }

    /// Of commands alone.
    #[cfg(test)]
    pub(crate) fn new(commands: &[Command]) -> Result<Self, String> {
        Self::of(commands, &[], &Exposure::default())
    }

    /// Adds the tools to search with, where commands are found by searching.
    fn add_finder(&mut self) -> Result<(), String> {
        if self.searched {
            for tool in finder::tools(self) {
                self.add(tool)?;
            }
        }
        Ok(())
    }

    /// Adds a tool; one that is there already stays.
    ///
    /// # Errors
    /// If another tool has its name: both origins, and what renames one of them.
    pub(crate) fn add(&mut self, tool: ToolSpec) -> Result<(), String> {
        self.index = OnceLock::new();
        match self.tools.get(&tool.name) {
            None => {
                self.tools.insert(tool.name.clone(), tool);
                Ok(())
            }
            Some(there) if there.origin.eq_ignore_ascii_case(&tool.origin) => Ok(()),
            Some(there) => Err(format!(
                "two tools would have the name {}: {} and {}. Leave one of them out, or rename it in runspaced.toml:\n\
                 [mcp.tools.\"{}\"]\nname = \"another_name\"",
                tool.name, there.origin, tool.origin, tool.title
            )),
        }
    }

    /// The same with what `change` makes of each tool, names as they are; `None`: without it. The tools to search with are made
    /// anew.
    ///
    /// # Errors
    /// If a tool has the name of one of these.
    pub(crate) fn filter_map(&self, change: impl Fn(&ToolSpec) -> Option<ToolSpec>) -> Result<Self, String> {
        let tools = self.tools.values().filter(|tool| !matches!(tool.target, Target::Finder(_)));
        let tools = tools.filter_map(|tool| Some((tool.name.clone(), change(tool)?)));
        let mut changed = Self {
            tools: tools.collect(),
            left_out: self.left_out.clone(),
            remarks: self.remarks.clone(),
            toolsets: self.toolsets.clone(),
            searched: false,
            no_commands: self.no_commands.clone(),
            index: OnceLock::new(),
        };
        changed.searched =
            self.searched && changed.tools.values().any(|tool| matches!(tool.target, Target::Command(_)));
        changed.add_finder()?;
        Ok(changed)
    }

    /// The same; whoever asks for a tool that is not there is told why commands are not.
    fn without_commands(mut self, reason: String) -> Self {
        self.no_commands = Some(reason);
        self
    }

    /// Only the tools of these toolsets; none: all.
    fn keep_toolsets(&mut self, wanted: &[String]) -> Result<(), String> {
        if wanted.is_empty() {
            return Ok(());
        }
        if let Some(unknown) = wanted.iter().find(|name| !self.has_toolset(name)) {
            let names: Vec<&str> = self.toolsets().into_iter().collect();
            return Err(format!("there is no toolset '{unknown}'; there are {}", names.join(", ")));
        }
        let definitions = &self.toolsets;
        self.tools.retain(|_, tool| wanted.iter().any(|name| toolset::contains(name, definitions, tool)));
        Ok(())
    }

    /// The tool of this name, whether clients see it in the list or find it by searching.
    pub(crate) fn get(&self, name: &str) -> Option<&ToolSpec> {
        self.tools.get(name).or_else(|| {
            let name = native::squashed(name);
            self.tools.values().find(|tool| tool.aliases.contains(&name))
        })
    }

    /// All tools, sorted by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &ToolSpec> {
        self.tools.values()
    }

    /// The tools that clients see, sorted by name.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &ToolSpec> {
        self.tools.values().filter(|tool| !self.searched || !matches!(tool.target, Target::Command(_)))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.tools.len()
    }

    /// True if commands are found by searching.
    pub(crate) fn is_searched(&self) -> bool {
        self.searched
    }

    /// The tools that fit these words, best first; those to search with are not among them.
    pub(crate) fn search(&self, query: &str) -> impl Iterator<Item = &ToolSpec> {
        self.index().search(query).into_iter().filter_map(|name| self.get(name))
    }

    /// Makes ready to search, which is done at the first search otherwise.
    pub(crate) fn prepare_search(&self) {
        if self.searched {
            self.index();
        }
    }

    /// What is searched; made when it is first wanted.
    fn index(&self) -> &SearchIndex {
        self.index.get_or_init(|| {
            SearchIndex::of(self.iter().filter(|tool| !matches!(tool.target, Target::Finder(_))))
        })
    }

    fn toolsets(&self) -> BTreeSet<&str> {
        let mut names = toolset::names(&self.toolsets, self.iter());
        names.remove("");
        names
    }

    fn has_toolset(&self, name: &str) -> bool {
        self.toolsets().iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    fn is_in(&self, tool: &ToolSpec, toolset: &str) -> bool {
        toolset::contains(toolset, &self.toolsets, tool)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{native::tests::native, tool::tests::command, *};

    fn names(catalog: &Catalog) -> Vec<&str> {
        catalog.listed().map(|tool| tool.name.as_str()).collect()
    }

    #[test]
    fn catalog_is_sorted_and_takes_a_command_once() {
        let commands =
            [command("Get-B", json!([])), command("Get-A", json!([])), command("get-b", json!([]))];
        assert_eq!(names(&Catalog::new(&commands).expect("a catalog")), ["get_a", "get_b"]);
    }

    #[test]
    fn catalog_refuses_two_commands_of_one_tool_name_unless_one_is_renamed() {
        let mut other = command("Get-AD_User", json!([]));
        other.module = "Others".to_owned();
        let commands = [command("Get-ADUser", json!([])), other];
        let error = Catalog::new(&commands).expect_err("a collision");
        for part in [
            "get_ad_user",
            "Get-ADUser of module Things",
            "Get-AD_User of module Others",
            "[mcp.tools.\"Get-AD_User\"]",
        ] {
            assert!(error.contains(part), "{error}");
        }
        let mut exposure = Exposure::default();
        let by = ToolOverride { name: Some("get_other_user".to_owned()), ..ToolOverride::default() };
        exposure.overrides.insert("others\\get-ad_user".to_owned(), by);
        let catalog = Catalog::of(&commands, &[], &exposure).expect("renamed");
        assert_eq!(names(&catalog), ["get_ad_user", "get_other_user"]);
        assert!(catalog.remarks.is_empty());
    }

    #[test]
    fn catalog_lists_what_it_leaves_out() {
        let unusable = command(
            "Use-Code",
            json!([{"name": "Code", "type": "scriptblock", "bindable": false, "mandatory_in": ["__AllParameterSets"]}]),
        );
        let catalog = Catalog::new(&[unusable]).expect("a catalog");
        assert_eq!((catalog.len(), catalog.left_out.len()), (0, 1));
        assert_eq!(catalog.left_out[0].command, "Use-Code");
    }

    #[test]
    fn many_commands_are_searched_and_native_tools_stay() {
        let many: Vec<Command> =
            (0..=MANY_TOOLS).map(|n| command(&format!("Get-Thing{n}"), json!([]))).collect();
        let natives = [native("list_incidents")];
        let catalog = Catalog::of(&many, &natives, &Exposure::default()).expect("a catalog");
        assert!(catalog.is_searched());
        assert_eq!(names(&catalog), ["describe_tool", "invoke_tool", "list_incidents", "search_tools"]);
        assert!(catalog.get("get_thing7").is_some(), "it can be invoked all the same");
        let mut exposure = Exposure { tool_search: ToolSearch::Never, ..Exposure::default() };
        assert_eq!(
            Catalog::of(&many, &natives, &exposure).expect("a catalog").listed().count(),
            MANY_TOOLS + 2
        );
        exposure.tool_search = ToolSearch::Always;
        assert!(Catalog::of(&many[..1], &natives, &exposure).expect("a catalog").is_searched());
        assert!(!Catalog::of(&[], &natives, &exposure).expect("a catalog").is_searched());
    }

    #[test]
    fn a_command_of_somebodys_own_takes_the_place_of_a_native_tool() {
        let natives = [native("list_incidents")];
        let mut own = command("List-Incidents", json!([]));
        let catalog = Catalog::of(&[own.clone()], &natives, &Exposure::default()).expect("a catalog");
        assert!(matches!(catalog.get("list_incidents").expect("a tool").target, Target::Command(_)));
        assert!(catalog.remarks[0].contains("List-Incidents of module Things"), "{:?}", catalog.remarks);
        // The module's function does the same.
        own.module = "sentinelmanager".to_owned();
        let catalog = Catalog::of(&[own], &natives, &Exposure::default()).expect("a catalog");
        assert!(matches!(catalog.get("list_incidents").expect("a tool").target, Target::Native { .. }));
        assert!(catalog.remarks.is_empty());
    }

    #[test]
    fn native_tools_are_found_by_their_other_names_and_those_of_parameters() {
        let commands = [command("Get-A_B", json!([]))];
        let catalog =
            Catalog::of(&commands, &[native("list_incidents")], &Exposure::default()).expect("a catalog");
        for name in ["listincidents", "List-Incidents", "Get-Incidents", "get_incidents"] {
            assert_eq!(catalog.get(name).map(|tool| tool.name.as_str()), Some("list_incidents"), "{name}");
        }
        assert!(catalog.get("getab").is_none(), "commands have the one name that is listed");
        let arguments = json!({"WorkspaceName": "w"}).as_object().cloned().unwrap_or_default();
        let bound = bind(catalog.get("list_incidents").expect("a tool"), arguments).expect("it fits");
        assert_eq!(bound.parameters["workspace"], "w");
    }

    #[test]
    fn toolsets_choose_tools_and_unknown_ones_are_named() {
        let commands = [command("Get-A", json!([])), command("Set-A", json!([]))];
        let mut exposure = Exposure { toolsets: vec!["reading".to_owned()], ..Exposure::default() };
        let error = Catalog::of(&commands, &[native("list_incidents")], &exposure).expect_err("not defined");
        assert_eq!(error, "there is no toolset 'reading'; there are Things, sentinel");
        exposure.toolset_definitions.insert("reading".to_owned(), vec!["get-*".to_owned()]);
        assert_eq!(
            names(&Catalog::of(&commands, &[native("list_incidents")], &exposure).expect("defined")),
            ["get_a"]
        );
        exposure.toolsets.push("Sentinel".to_owned());
        let both = Catalog::of(&commands, &[native("list_incidents")], &exposure).expect("defined");
        assert_eq!(names(&both), ["get_a", "list_incidents"]);
    }

    #[test]
    fn finder_searches_and_describes() {
        let mut exposure = Exposure { tool_search: ToolSearch::Always, ..Exposure::default() };
        exposure.overrides.insert("No-Such".to_owned(), ToolOverride::default());
        let commands = [command("Get-Widget", json!([])), command("Remove-Widget", json!([]))];
        let catalog = Catalog::of(&commands, &[], &exposure).expect("a catalog");
        assert_eq!(catalog.remarks, ["mcp.tools.No-Such belongs to no command that is exposed"]);
        let arguments = |value: serde_json::Value| value.as_object().cloned().unwrap_or_default();
        let found = catalog.find(&arguments(json!({"query": "delete widget"})), |_| true).expect("found");
        assert_eq!(found.value["values"][0]["name"], "remove_widget");
        let found =
            catalog.find(&arguments(json!({"query": "widget", "first": 1})), |_| true).expect("found");
        assert_eq!(
            (found.value["found"].as_u64(), found.value["values"].as_array().map(Vec::len)),
            (Some(2), Some(1))
        );
        let described = catalog.describe(&arguments(json!({"name": "get_widget"})), |_| true).expect("there");
        assert_eq!(described.value["values"][0]["inputSchema"]["type"], "object");
        let error =
            catalog.describe(&arguments(json!({"name": "get_wigdet"})), |_| true).expect_err("not there");
        assert!(error.contains("get_wigdet"), "{error}");
        assert!(
            catalog
                .find(&arguments(json!({"query": "x", "toolset": "none"})), |_| true)
                .expect_err("none")
                .contains("Things")
        );
        assert!(!catalog.get(INVOKE).expect("there").annotations.read_only, "it may remove widgets");
        let reading = catalog.filter_map(|tool| tool.annotations.read_only.then(|| tool.clone()));
        let invoke = reading.expect("a catalog").get(INVOKE).expect("there").annotations;
        assert!(invoke.read_only && !invoke.destructive, "{invoke:?}");
    }

    #[test]
    fn finder_keeps_to_what_its_caller_may_see() {
        let exposure = Exposure { tool_search: ToolSearch::Always, ..Exposure::default() };
        let commands = [command("Get-Widget", json!([])), command("Remove-Widget", json!([]))];
        let catalog = Catalog::of(&commands, &[native("list_widgets")], &exposure).expect("a catalog");
        let arguments = |value: serde_json::Value| value.as_object().cloned().unwrap_or_default();
        let reads = |name: &str| name.starts_with("get_");
        let found = catalog.find(&arguments(json!({"query": "widget"})), reads).expect("found");
        assert_eq!(
            (&found.value["found"], &found.value["values"][0]["name"]),
            (&json!(1), &json!("get_widget"))
        );
        assert!(!found.text.contains("remove_widget"), "{}", found.text);
        assert!(catalog.describe(&arguments(json!({"name": "get_widget"})), reads).is_ok());
        for name in ["remove_widget", "list_widget"] {
            let error = catalog.describe(&arguments(json!({"name": name})), reads).expect_err("not for them");
            assert!(!error.contains("list_widgets") && !error.contains(": remove_widget"), "{error}");
        }
    }
}
