//! What stands in a cell of a made-up row: decided by the name of its column, and the same whenever it is asked for.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::simulator::clock::stamp_precise;
use crate::simulator::ids::Dice;

const PEOPLE: &[(&str, &str)] = &[
    ("adele", "Adele Fischer"),
    ("bruno", "Bruno Keller"),
    ("carla", "Carla Mendes"),
    ("deniz", "Deniz Aydin"),
    ("emil", "Emil Sørensen"),
    ("farida", "Farida Haddad"),
    ("greta", "Greta Lind"),
    ("henrik", "Henrik Vogel"),
    ("bg-admin", "Break Glass"),
    ("svc-backup", "Backup Service"),
];
const HOSTS: &[&str] = &["DC01", "DC02", "SQL-PROD-01", "WEB-01", "WEB-02", "FILE-01", "WS-1042", "WS-1077"];
const COUNTRIES: &[&str] = &["DE", "DE", "DE", "AT", "CH", "NL", "US", "BR"];
const APPS: &[&str] =
    &["Office 365 Exchange Online", "Azure Portal", "Microsoft Teams", "SharePoint Online", "VPN"];
const PROCESSES: &[&str] =
    &["powershell.exe", "cmd.exe", "svchost.exe", "outlook.exe", "rundll32.exe", "chrome.exe"];
const AGENTS: &[&str] =
    &["Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Mozilla/5.0 (Macintosh)", "python-requests/2.32"];

/// What a row is about.
pub(super) struct Row<'a> {
    pub table: &'a str,
    pub time: Timestamp,
    pub customer_id: &'a str,
    pub workspace: &'a str,
    pub domain: &'a str,
    row: Dice,
    /// Of the cell that is being made.
    dice: Dice,
    person: (&'static str, &'static str),
}

impl<'a> Row<'a> {
    pub fn new(table: &'a str, time: Timestamp, place: (&'a str, &'a str, &'a str), mut dice: Dice) -> Self {
        let (customer_id, workspace, domain) = place;
        let person = *dice.pick(PEOPLE);
        Self { table, time, customer_id, workspace, domain, row: dice.clone(), dice, person }
    }

    fn address(&mut self) -> String {
        if self.dice.chance(70) {
            format!("10.{}.{}.{}", self.dice.below(4), self.dice.below(20), 1 + self.dice.below(250))
        } else {
            // Addresses that are set aside for documentation.
            format!("203.0.113.{}", 1 + self.dice.below(250))
        }
    }

    /// The cell of a column. It is the same whichever other cells are made.
    pub fn cell(&mut self, column: &str, kind: &str) -> Value {
        self.dice = self.row.beside(column);
        if let Some(value) = self.named(column) {
            return value;
        }
        let lower = column.to_ascii_lowercase();
        match kind {
            "datetime" => json!(stamp_precise(self.time)),
            "bool" => json!(self.dice.chance(20)),
            "int" | "long" => self.number(&lower),
            "real" => json!(f64::from(u32::try_from(self.dice.below(10_000)).unwrap_or(0)) / 100.0),
            "dynamic" => self.bag(&lower),
            _ => json!(self.text(&lower)),
        }
    }

    fn named(&mut self, column: &str) -> Option<Value> {
        Some(match (self.table, column) {
            (_, "TenantId") => json!(self.customer_id),
            (_, "Type") => json!(self.table),
            (_, "_ResourceId") => json!(self.workspace.to_ascii_lowercase()),
            (_, "SourceSystem") => json!("Azure"),
            ("SigninLogs" | "AADNonInteractiveUserSignInLogs", "ResultType") => {
                json!(if self.dice.chance(85) {
                    "0"
                } else {
                    *self.dice.pick(&["50126", "50053", "50074", "53003"])
                })
            }
            ("OfficeActivity", "Operation") => json!(*self.dice.pick(&[
                "FileAccessed",
                "MailItemsAccessed",
                "New-InboxRule",
                "UserLoggedIn",
                "FileDownloaded"
            ])),
            ("OfficeActivity", "OfficeWorkload") => {
                json!(*self.dice.pick(&["Exchange", "SharePoint", "OneDrive", "MicrosoftTeams"]))
            }
            ("SecurityEvent" | "WindowsEvent", "EventID") => {
                json!(*self.dice.pick(&[4624, 4625, 4634, 4672, 4688, 4720, 4728, 1102]))
            }
            ("AuditLogs", "OperationName" | "ActivityDisplayName") => json!(*self.dice.pick(&[
                "Add member to role",
                "Update user",
                "Add service principal credentials",
                "Reset user password",
                "Consent to application"
            ])),
            ("AuditLogs", "Result") => json!("success"),
            ("AzureActivity", "OperationNameValue") => json!(*self.dice.pick(&[
                "MICROSOFT.COMPUTE/VIRTUALMACHINES/RUNCOMMAND/ACTION",
                "MICROSOFT.KEYVAULT/VAULTS/WRITE",
                "MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE",
                "MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION"
            ])),
            ("AzureActivity", "ActivityStatusValue") => {
                json!(if self.dice.chance(90) { "Success" } else { "Failure" })
            }
            ("AzureActivity", "CategoryValue") => json!("Administrative"),
            ("Heartbeat", "Category") => json!("Azure Monitor Agent"),
            ("Heartbeat", "OSType") => json!("Windows"),
            ("CommonSecurityLog", "DeviceVendor") => json!("Palo Alto Networks"),
            ("CommonSecurityLog", "DeviceProduct") => json!("PAN-OS"),
            ("CommonSecurityLog", "DeviceAction") => {
                json!(if self.dice.chance(80) { "allow" } else { "deny" })
            }
            ("Syslog", "Facility") => json!(*self.dice.pick(&["auth", "authpriv", "daemon", "cron"])),
            ("Syslog", "SeverityLevel") => json!(*self.dice.pick(&["info", "info", "warning", "err"])),
            _ => return None,
        })
    }

    fn number(&mut self, lower: &str) -> Value {
        let number = if lower.contains("port") {
            *self.dice.pick(&[22, 53, 80, 443, 3389, 8443])
        } else if lower.contains("statuscode") || lower.contains("responsecode") {
            *self.dice.pick(&[200, 200, 201, 401, 403, 404])
        } else if lower.contains("eventcount") {
            1
        } else {
            self.dice.below(5_000)
        };
        json!(number)
    }

    fn bag(&mut self, lower: &str) -> Value {
        if lower.contains("location") {
            json!({"countryOrRegion": *self.dice.pick(COUNTRIES), "city": "Musterstadt"})
        } else if lower.contains("devicedetail") {
            json!({"deviceId": "", "operatingSystem": "Windows 11", "browser": "Edge", "isManaged": self.dice.chance(70)})
        } else if lower == "status" {
            json!({"errorCode": 0, "additionalDetails": "MFA requirement satisfied"})
        } else if lower == "initiatedby" {
            json!({"user": {"userPrincipalName": self.upn(), "id": self.dice.uuid().to_string(), "ipAddress": self.address()}})
        } else if lower == "targetresources" {
            json!([{"type": "User", "userPrincipalName": self.upn(), "displayName": self.person.1, "modifiedProperties": []}])
        } else {
            json!({})
        }
    }

    fn upn(&self) -> String {
        format!("{}@{}", self.person.0, self.domain)
    }

    fn text(&mut self, lower: &str) -> String {
        let ends = |ends: &[&str]| ends.iter().any(|end| lower.ends_with(end));
        if ends(&["userprincipalname", "upn", "caller", "emailaddress", "fromaddress", "identity"])
            || lower == "userid" && self.table == "OfficeActivity"
        {
            self.upn()
        } else if ends(&["displayname"]) && !lower.contains("app") && !lower.contains("resource") {
            self.person.1.to_owned()
        } else if ends(&["appdisplayname", "resourcedisplayname", "application"]) {
            (*self.dice.pick(APPS)).to_owned()
        } else if ends(&["accountname", "username"]) || lower == "account" {
            self.person.0.to_owned()
        } else if ends(&["ipaddress", "ip", "ipaddr", "clientip", "sourceip", "address"]) {
            self.address()
        } else if ends(&["computer", "devicename", "hostname", "dvc"]) {
            format!("{}.{}", self.dice.pick(HOSTS), self.domain)
        } else if ends(&["commandline"]) {
            format!("{} -NoProfile", self.dice.pick(PROCESSES))
        } else if ends(&["filename", "processname", "process"]) {
            (*self.dice.pick(PROCESSES)).to_owned()
        } else if ends(&["folderpath", "filepath"]) {
            "C:\\Windows\\System32".to_owned()
        } else if ends(&["useragent", "useragentheader"]) {
            (*self.dice.pick(AGENTS)).to_owned()
        } else if ends(&["countrycode", "location", "country"]) {
            (*self.dice.pick(COUNTRIES)).to_owned()
        } else if ends(&["severity", "severitylevel"]) {
            (*self.dice.pick(&["Informational", "Low", "Medium", "High"])).to_owned()
        } else if ends(&["resultstatus", "eventresult", "result"]) {
            "Success".to_owned()
        } else if ends(&["actiontype", "action"]) {
            (*self.dice.pick(&["Allowed", "Blocked", "ProcessCreated", "LogonSuccess"])).to_owned()
        } else if ends(&["url", "fqdn", "uri", "dnsquery"]) {
            format!("https://{}.example/", self.dice.pick(&["intranet", "files", "login", "cdn"]))
        } else if ends(&["sha256"]) {
            format!(
                "{:016x}{:016x}{:016x}{:016x}",
                self.dice.roll(),
                self.dice.roll(),
                self.dice.roll(),
                self.dice.roll()
            )
        } else if ends(&["id", "guid", "sid"]) {
            self.dice.uuid().to_string()
        } else {
            String::new()
        }
    }
}
