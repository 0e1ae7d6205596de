//! Resource ids: what a path names.

/// What the path of a request names: a resource, or a collection of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Target {
    pub subscription: Option<String>,
    pub group: Option<String>,
    /// The type, namespace and all, e.g. `Microsoft.SecurityInsights/alertRules/actions`; as written by the client.
    pub full_type: String,
    /// Ids of the resources that the path goes through, outermost first.
    pub owners: Vec<String>,
    /// Name of the resource; none if the path names a collection.
    pub name: Option<String>,
    /// The scope that an extension resource belongs to, or the subscription or group.
    pub scope: String,
}

impl Target {
    /// Reads the decoded segments of a path. `None` if it is no resource id.
    pub fn parse(segments: &[String]) -> Option<Self> {
        let mut target = Self::default();
        let mut rest = segments;
        let mut id = String::new();
        if let [first, subscription, tail @ ..] = rest
            && first.eq_ignore_ascii_case("subscriptions")
        {
            target.subscription = Some(subscription.clone());
            id = format!("/subscriptions/{subscription}");
            rest = tail;
            if let [first, group, tail @ ..] = rest
                && first.eq_ignore_ascii_case("resourceGroups")
            {
                target.group = Some(group.clone());
                id = format!("{id}/resourceGroups/{group}");
                rest = tail;
            }
        }
        target.scope = id.clone();
        while let [providers, namespace, tail @ ..] = rest {
            if !providers.eq_ignore_ascii_case("providers") || tail.is_empty() {
                return None;
            }
            if target.name.is_some() {
                target.owners.push(id.clone());
            } else if !target.full_type.is_empty() {
                return None;
            }
            target.scope = id.clone();
            target.name = None;
            target.full_type = namespace.clone();
            id = format!("{id}/providers/{namespace}");
            rest = tail;
            while let [kind, tail @ ..] = rest {
                if kind.eq_ignore_ascii_case("providers") && target.name.is_some() {
                    break;
                }
                if target.name.is_some() {
                    target.owners.push(id.clone());
                }
                target.full_type = format!("{}/{kind}", target.full_type);
                target.name = tail.first().cloned();
                rest = tail.get(1..).unwrap_or_default();
                match &target.name {
                    Some(name) => id = format!("{id}/{kind}/{name}"),
                    None => id = format!("{id}/{kind}"),
                }
            }
        }
        (rest.is_empty() && !target.full_type.is_empty()).then_some(target)
    }

    /// The last part of the type, as written.
    pub fn kind(&self) -> &str {
        self.full_type.rsplit('/').next().unwrap_or_default()
    }

    /// The namespace, as written.
    pub fn namespace(&self) -> &str {
        self.full_type.split('/').next().unwrap_or_default()
    }

    /// Id of the closest resource that the path goes through.
    pub fn parent(&self) -> Option<&str> {
        self.owners.last().map(String::as_str)
    }

    /// Id of the workspace that the path goes through.
    pub fn workspace(&self) -> Option<&str> {
        self.owners.iter().map(String::as_str).find(|id| {
            let parts: Vec<&str> = id.split('/').collect();
            parts.len() == 9 && parts[7].eq_ignore_ascii_case("workspaces")
        })
    }
}

/// The name at the end of an id.
pub(crate) fn name_of(id: &str) -> &str {
    id.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// The resource group in an id.
pub(crate) fn group_of(id: &str) -> Option<&str> {
    let mut parts = id.split('/');
    parts.find(|part| part.eq_ignore_ascii_case("resourceGroups"))?;
    parts.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(path: &str) -> Option<Target> {
        let segments: Vec<String> =
            path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Target::parse(&segments)
    }

    #[test]
    fn an_extension_of_a_workspace_is_read() {
        let la = "/subscriptions/S/resourcegroups/G/providers/Microsoft.OperationalInsights/workspaces/W";
        let target = parse(&format!("{la}/providers/Microsoft.SecurityInsights/incidents/I/comments/C"))
            .expect("is one");
        assert_eq!((target.subscription.as_deref(), target.group.as_deref()), (Some("S"), Some("G")));
        assert_eq!(target.full_type, "Microsoft.SecurityInsights/incidents/comments");
        assert_eq!(target.name.as_deref(), Some("C"));
        let la = la.replace("resourcegroups", "resourceGroups");
        assert_eq!(target.workspace(), Some(la.as_str()));
        assert_eq!(
            target.parent(),
            Some(format!("{la}/providers/Microsoft.SecurityInsights/incidents/I").as_str())
        );
        assert_eq!(target.scope, la);
    }

    #[test]
    fn collections_and_subscription_scopes_are_read() {
        let target = parse("/subscriptions/S/providers/Microsoft.Insights/workbooks").expect("is one");
        assert_eq!(
            (target.full_type.as_str(), target.name.as_deref()),
            ("Microsoft.Insights/workbooks", None)
        );
        assert_eq!(target.scope, "/subscriptions/S");
        assert_eq!(parse("/subscriptions/S/what"), None);
        assert_eq!(
            parse("/providers/Microsoft.ResourceGraph/resources").map(|target| target.scope),
            Some(String::new())
        );
        assert_eq!(name_of("/a/b/"), "b");
        assert_eq!(group_of("/subscriptions/s/RESOURCEgroups/g/x"), Some("g"));
    }
}
