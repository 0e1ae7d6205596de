//! Tenants, and the applications that may sign in: the part of Entra that no request changes.

use jiff::{SignedDuration, Timestamp};

use crate::simulator::ids::id_of;

/// A tenant.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Tenant {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Its first domain; a token can be asked for under this name too.
    pub domain: String,
}

/// An application with its service principal in its own tenant.
#[derive(Debug, Clone, serde::Serialize)]
#[non_exhaustive]
pub struct App {
    /// `sim-contributor` and the like.
    pub name: String,
    /// Tenant it belongs to.
    pub tenant: String,
    /// `client_id`
    pub client_id: String,
    /// Id of its service principal, which role assignments name.
    pub object_id: String,
    /// Its client secret.
    #[serde(skip)]
    pub secret: String,
    /// When the secret expires.
    #[serde(skip)]
    pub secret_expires: Timestamp,
    /// Certificates it may sign assertions with, in DER.
    #[serde(skip)]
    pub certificates: Vec<Vec<u8>>,
    /// Subject of the federated identity it trusts.
    pub federated_subject: String,
    /// Conditional access forbids it to sign in.
    pub blocked: bool,
}

/// Names of the applications every simulator has. Each is a role a test wants to play.
pub mod names {
    /// May do everything on every workspace it sees.
    pub const CONTRIBUTOR: &str = "sim-contributor";
    /// May read everything and change nothing.
    pub const READER: &str = "sim-reader";
    /// May read everything and change incidents.
    pub const RESPONDER: &str = "sim-responder";
    /// Has no role anywhere.
    pub const NO_ACCESS: &str = "sim-noaccess";
    /// Belongs to a tenant that manages nobody.
    pub const WRONG_TENANT: &str = "sim-wrong-tenant";
    /// Belongs to the customer outside Lighthouse and may do everything there.
    pub const CUSTOMER: &str = "sim-customer";
    /// Its secret has expired.
    pub const EXPIRED: &str = "sim-expired";
    /// Conditional access stops it.
    pub const BLOCKED: &str = "sim-blocked";
    /// The managed identity of the machine.
    pub const MANAGED: &str = "sim-managed-identity";
}

/// Who there is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directory {
    pub tenants: Vec<Tenant>,
    pub apps: Vec<App>,
}

/// The tenants' ids do not depend on the seed: a configuration that names them stays right.
pub(crate) fn tenant_id(domain: &str) -> String {
    id_of(0, &format!("tenant/{domain}"))
}

/// The object id of an application's service principal.
pub(crate) fn object_id(app: &str) -> String {
    id_of(0, &format!("object/{app}"))
}

/// Domains of the tenants.
pub(crate) const MANAGING: &str = "northwind.example";
pub(crate) const CONTOSO: &str = "contoso.example";
pub(crate) const FABRIKAM: &str = "fabrikam.example";
pub(crate) const TAILWIND: &str = "tailwind.example";
const UNRELATED: &str = "elsewhere.example";

impl Directory {
    /// The tenants and applications that every simulator has.
    pub fn standard(now: Timestamp) -> Self {
        let tenant = |name: &str, domain: &str| Tenant {
            id: tenant_id(domain),
            name: name.into(),
            domain: domain.into(),
        };
        let app = |name: &str, domain: &str| {
            let days = if name == names::EXPIRED { -10 } else { 365 };
            App {
                name: name.to_owned(),
                tenant: tenant_id(domain),
                client_id: id_of(0, &format!("client/{name}")),
                object_id: object_id(name),
                secret: format!("secret-of-{name}"),
                secret_expires: now.saturating_add(SignedDuration::from_hours(days * 24)).unwrap_or(now),
                certificates: Vec::new(),
                federated_subject: format!("system:serviceaccount:simulator:{name}"),
                blocked: name == names::BLOCKED,
            }
        };
        Self {
            tenants: vec![
                tenant("Northwind Security Services", MANAGING),
                tenant("Contoso", CONTOSO),
                tenant("Fabrikam", FABRIKAM),
                tenant("Tailwind Traders", TAILWIND),
                tenant("Elsewhere", UNRELATED),
            ],
            apps: vec![
                app(names::CONTRIBUTOR, MANAGING),
                app(names::READER, MANAGING),
                app(names::RESPONDER, MANAGING),
                app(names::NO_ACCESS, MANAGING),
                app(names::EXPIRED, MANAGING),
                app(names::BLOCKED, MANAGING),
                app(names::MANAGED, MANAGING),
                app(names::WRONG_TENANT, UNRELATED),
                app(names::CUSTOMER, TAILWIND),
            ],
        }
    }

    /// A tenant by id or domain.
    pub fn tenant(&self, name: &str) -> Option<&Tenant> {
        self.tenants
            .iter()
            .find(|tenant| tenant.id.eq_ignore_ascii_case(name) || tenant.domain.eq_ignore_ascii_case(name))
    }

    /// An application by name, client id or object id.
    pub fn app(&self, name: &str) -> Option<&App> {
        self.apps.iter().find(|app| {
            [&app.name, &app.client_id, &app.object_id].iter().any(|known| known.eq_ignore_ascii_case(name))
        })
    }
}
