//! Every error the simulator answers with: status, code and text of each in this one file, so that a text can be put
//! right where a real capture differs. Texts of which no capture is known are marked "not verified".

use serde_json::{Value, json};

use super::exchange::Answer;

/// A request that is not done. Boxed, as it is the rare half of many results.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal(pub Box<Parts>);

/// What a refusal is made of.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parts {
    pub status: u16,
    pub code: String,
    pub message: String,
    pub details: Vec<Value>,
    pub extra: Option<(&'static str, Value)>,
    pub headers: Vec<(&'static str, String)>,
}

impl Refusal {
    pub fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            code: code.to_owned(),
            message: message.into(),
            details: Vec::new(),
            extra: None,
            headers: Vec::new(),
        }))
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn member(mut self, name: &'static str, value: Value) -> Self {
        self.extra = Some((name, value));
        self
    }

    /// The `error` object.
    pub fn error(&self) -> Value {
        let mut error = json!({"code": self.code, "message": self.message});
        if !self.details.is_empty() {
            error["details"] = json!(self.details);
        }
        if let Some((name, value)) = &self.extra {
            error[*name] = value.clone();
        }
        error
    }

    pub fn into_answer(self) -> Answer {
        let mut answer = Answer::json(self.status, json!({"error": self.error()}));
        answer.headers = self.0.headers;
        answer
    }
}

impl std::ops::Deref for Refusal {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl std::ops::DerefMut for Refusal {
    fn deref_mut(&mut self) -> &mut Parts {
        &mut self.0
    }
}

/// Requests that no service understands.
impl Refusal {
    /// Not verified.
    pub fn invalid_content(why: &str) -> Self {
        Self::new(
            400,
            "InvalidRequestContent",
            format!("The request content was invalid and could not be deserialized: '{why}'."),
        )
    }

    pub fn missing_api_version() -> Self {
        Self::new(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    }

    pub fn invalid_api_version(given: &str) -> Self {
        Self::new(
            400,
            "InvalidApiVersionParameter",
            format!(
                "The api-version '{given}' is invalid. The supported versions are dates, with '-preview' behind some."
            ),
        )
    }

    pub fn no_registered_provider(resource_type: &str, given: &str, location: &str, known: &[&str]) -> Self {
        let (namespace, kind) = resource_type.split_once('/').unwrap_or((resource_type, ""));
        Self::new(
            400,
            "NoRegisteredProviderFound",
            format!(
                "No registered resource provider found for location '{location}' and API version '{given}' for type '{kind}' of '{namespace}'. The supported api-versions are '{}'.",
                known.join(", ")
            ),
        )
    }

    pub fn invalid_resource_type(namespace: &str, kind: &str, given: &str) -> Self {
        Self::new(
            404,
            "InvalidResourceType",
            format!(
                "The resource type '{kind}' could not be found in the namespace '{namespace}' for api version '{given}'."
            ),
        )
    }

    pub fn method_not_allowed(method: &str) -> Self {
        Self::new(
            405,
            "UnsupportedApiVersion",
            format!("The requested resource does not support HTTP method '{method}'."),
        )
    }

    pub fn path_not_found(path: &str) -> Self {
        Self::new(
            404,
            "NotFound",
            format!("No HTTP resource was found that matches the request URI '{path}'."),
        )
    }
}

/// Who may do what.
impl Refusal {
    pub fn no_token() -> Self {
        Self::new(
            401,
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
        )
        .with(
            "www-authenticate",
            "Bearer authorization_uri=\"https://login.windows.net/\", error=\"invalid_token\"",
        )
    }

    pub fn invalid_token() -> Self {
        Self::new(401, "InvalidAuthenticationToken", "The access token is invalid.")
    }

    pub fn expired_token(expired: &str, now: &str) -> Self {
        Self::new(
            401,
            "ExpiredAuthenticationToken",
            format!("The access token expiry UTC time '{expired}' is earlier than current UTC time '{now}'."),
        )
    }

    pub fn wrong_audience(given: &str, wanted: &[String]) -> Self {
        Self::new(
            403,
            "InvalidAuthenticationTokenAudience",
            format!(
                "The access token has been obtained for wrong audience or resource '{given}'. It should exactly match with one of the allowed audiences '{}'.",
                wanted.join("','")
            ),
        )
    }

    pub fn wrong_tenant(given: &str, wanted: &str) -> Self {
        Self::new(
            401,
            "InvalidAuthenticationTokenTenant",
            format!(
                "The access token is from the wrong issuer 'https://sts.windows.net/{given}/'. It must match the tenant 'https://sts.windows.net/{wanted}/' associated with this subscription. Please use the authority (URL) 'https://login.windows.net/{wanted}' to get the token. Note, if the subscription is transferred to another tenant there is no impact to the services, but information about new tenant could take time to propagate (up to an hour)."
            ),
        )
    }

    pub fn not_authorized(client: &str, object: &str, action: &str, scope: &str) -> Self {
        Self::new(
            403,
            "AuthorizationFailed",
            format!(
                "The client '{client}' with object id '{object}' does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials."
            ),
        )
    }

    /// Not verified.
    pub fn linked_not_authorized(
        client: &str,
        object: &str,
        action: &str,
        scope: &str,
        linked_action: &str,
        linked: &str,
    ) -> Self {
        Self::new(
            403,
            "LinkedAuthorizationFailed",
            format!(
                "The client '{client}' with object id '{object}' has permission to perform action '{action}' on scope '{scope}'; however, it does not have permission to perform action '{linked_action}' on the linked scope(s) '{linked}' or the linked scope(s) are invalid."
            ),
        )
    }

    /// Not verified.
    pub fn locked(scope: &str, lock: &str) -> Self {
        Self::new(
            409,
            "ScopeLocked",
            format!(
                "The scope '{scope}' cannot perform this operation because following scope(s) are locked: '{lock}'. Please remove the lock and try again."
            ),
        )
    }

    /// Not verified.
    pub fn disallowed_by_policy(resource: &str, assignment: &str, name: &str) -> Self {
        Self::new(
            403,
            "RequestDisallowedByPolicy",
            format!("Resource '{resource}' was disallowed by policy. Policy identifiers: '[{{\"policyAssignment\":{{\"name\":\"{name}\",\"id\":\"{assignment}\"}}}}]'."),
        )
        .member(
            "additionalInfo",
            json!([{"type": "PolicyViolation", "info": {"policyAssignmentDisplayName": name, "policyAssignmentId": assignment, "policyDefinitionEffect": "deny"}}]),
        )
    }

    /// Not verified.
    pub fn not_registered(subscription: &str, namespace: &str) -> Self {
        Self::new(
            409,
            "MissingSubscriptionRegistration",
            format!(
                "The subscription '{subscription}' is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions."
            ),
        )
    }
}

/// What is not there, what is in the way.
impl Refusal {
    pub fn subscription_not_found(subscription: &str) -> Self {
        Self::new(
            404,
            "SubscriptionNotFound",
            format!("The subscription '{subscription}' could not be found."),
        )
    }

    pub fn group_not_found(group: &str) -> Self {
        Self::new(404, "ResourceGroupNotFound", format!("Resource group '{group}' could not be found."))
    }

    pub fn not_found(kind: &str, name: &str, group: &str) -> Self {
        Self::new(
            404,
            "ResourceNotFound",
            format!(
                "The Resource '{kind}/{name}' under resource group '{group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
            ),
        )
    }

    pub fn inner_not_found(kind: &str, name: &str) -> Self {
        Self::new(404, "NotFound", format!("{kind} '{name}' was not found."))
    }

    /// The text is JSON in JSON, as the service sends it.
    pub fn not_onboarded(workspace: &str) -> Self {
        let inner = json!({"error": {"code": "BadRequest", "message": format!("Workspace '{workspace}' is not onboarded to Microsoft Sentinel. To onboard the workspace use the OnboardingStates ARM api.")}});
        Self::bad_request(inner.to_string())
    }

    pub fn newer_version(id: &str) -> Self {
        Self::new(409, "Conflict", format!("Newer version of resource '{id}' exists. Data was not saved"))
    }

    pub fn saved_search_exists(name: &str) -> Self {
        Self::new(
            409,
            "Conflict",
            format!(
                "A saved search with the ID '{name}' already exists and its ETag does not match. Send the current ETag, or '*' to overwrite."
            ),
        )
    }

    pub fn setting_without_etag() -> Self {
        Self::bad_request("Update request should provide ETag")
    }

    pub fn deletion_in_progress(what: &str, name: &str) -> Self {
        Self::new(
            409,
            "Conflict",
            format!("{what} '{name}': Delete is currently in progress. Try again when it has ended."),
        )
    }

    pub fn throttled(seconds: u64, scope: &str) -> Self {
        Self::new(
            429,
            "TooManyRequests",
            format!("The request is being throttled as the limit has been reached for operation type - {scope}. For more information, see - https://aka.ms/srpthrottlinglimits"),
        )
        .with("retry-after", seconds.to_string())
    }
}

/// What a rule may not be.
impl Refusal {
    pub fn semantic_error_of_rule(code: &str, detail: &str) -> Self {
        let inner = json!({"error": {"message": "The request had some invalid properties", "code": "BadArgumentError", "innererror": {"code": "SemanticError", "message": "A semantic error occurred.", "innererror": {"code": code, "message": detail}}}});
        Self::bad_request(format!("FailedToResolveScalarExpression; Message: {inner}"))
    }

    pub fn missing_table_of_rule() -> Self {
        Self::bad_request("Failed to run the analytics rule query. One of the tables does not exist.")
    }

    pub fn rule_query_failed(detail: &str) -> Self {
        Self::bad_request(format!("Failed to run the analytics rule query. {detail}"))
    }

    pub fn rule_reads_other_workspace(name: &str) -> Self {
        Self::bad_request(format!(
            "Failed to run the analytics rule query. Make sure you have the necessary permissions on all the workspaces in your query, specifically on '{name}'. (Code: Unauthorized)"
        ))
    }

    pub fn invalid_rule(details: Vec<Value>) -> Self {
        let mut refusal = Self::new(400, "InvalidPayload", "Data collection rule is invalid");
        refusal.details = details;
        refusal
    }
}
