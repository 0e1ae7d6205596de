//! What stands in the place of PowerShell and of operations: it does what a tool's name says.

use super::*;

/// What a job comes to.
pub(super) fn output(values: &Value, records: &Value, meta: Value) -> Done {
    crate::mcp::reply::tests::output(values, records, meta).into()
}

/// Does what a tool's name says.
#[derive(Default)]
pub(super) struct Script {
    pub(super) running: AtomicUsize,
    pub(super) started: AtomicUsize,
    /// PowerShell was upgraded: calls are refused.
    pub(super) upgraded: AtomicBool,
}

/// Counts a job while it runs.
struct Mark(Arc<Script>);

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(super) struct Scripted(pub(super) Arc<Script>);

/// Says what it was asked.
pub(super) struct Operations;

impl Executor for Operations {
    fn execute(&self, job: Job) -> Running {
        let Target::Native { operation, .. } = &job.target else { panic!("{:?}", job.target) };
        let value = json!([{"operation": operation.as_ref(), "arguments": job.arguments}]);
        Box::pin(async move { Ok(output(&value, &json!([]), json!({"count": 1}))) })
    }

    fn guess(&self, _guess: Guess) -> Pin<Box<dyn Future<Output = Vec<String>> + Send>> {
        Box::pin(std::future::ready(Vec::new()))
    }
}

impl Executor for Scripted {
    fn execute(&self, job: Job) -> Running {
        let script = Arc::clone(&self.0);
        script.started.fetch_add(1, Ordering::SeqCst);
        script.running.fetch_add(1, Ordering::SeqCst);
        let mark = Mark(script);
        Box::pin(async move {
            if mark.0.upgraded.load(Ordering::SeqCst) {
                return Err(Error::PowerShellChanged {
                    home: "/x".to_owned(),
                    change: "upgraded".to_owned(),
                });
            }
            let _mark = mark;
            let Target::Command(command) = &job.target else { panic!("no command: {:?}", job.target) };
            match command.rsplit('\\').next().unwrap_or_default() {
                "Get-Echo" => {
                    let text = job.arguments.get("Text").and_then(Value::as_str).unwrap_or_default();
                    let ms =
                        text.strip_prefix("after ").and_then(|text| text.split(' ').next()?.parse().ok());
                    tokio::time::sleep(Duration::from_millis(ms.unwrap_or(0))).await;
                    Ok(output(&json!([job.arguments]), &json!([]), json!({"count": 1})))
                }
                "Get-Big" => {
                    let text = "x".repeat(96 << 10);
                    Ok(output(&json!([text]), &json!([]), json!({"count": 1})))
                }
                "Wait-Long" => {
                    tokio::time::sleep(HANG * 2).await;
                    Err(Error::SlotLost("nobody cancelled".to_owned()))
                }
                "Wait-Short" => {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    Ok(output(&json!(["done"]), &json!([]), json!({"count": 1})))
                }
                "Get-Deadline" => {
                    let left = u64::try_from(job.deadline.as_millis()).unwrap_or(u64::MAX);
                    Ok(output(&json!([left]), &json!([]), json!({"count": 1})))
                }
                "Stop-Panic" => panic!("on purpose"),
                "Write-Steps" => {
                    assert!(job.wants.progress, "a token was sent");
                    for percent in [10.0, 60.0, 60.0, 30.0, 100.0] {
                        let text = format!("at {percent}");
                        let record = ProgressRecord { percent: Some(percent), text };
                        let _ = job.events.try_send(JobEvent::Progress(record));
                        tokio::time::sleep(Duration::from_millis(120)).await;
                    }
                    Ok(output(&json!([]), &json!([]), json!({})))
                }
                "Write-Log" => {
                    for (level, text) in [
                        (LogLevel::Debug, "detail"),
                        (LogLevel::Info, "news"),
                        (LogLevel::Warning, "careful"),
                    ] {
                        if job.wants.log.is_some_and(|least| least <= level) {
                            let _ = job.events.try_send(JobEvent::Log(level, text.to_owned()));
                        }
                    }
                    Ok(output(&json!([]), &json!([]), json!({})))
                }
                "Get-Rows" => {
                    let rows: Vec<Value> =
                        (0..5_000).map(|n| json!({"Id": n, "Name": format!("name {n}")})).collect();
                    Ok(output(&json!(rows), &json!([]), json!({"count": 5_000})))
                }
                "Read-Name" => ask(&job, question("read_line", "Name", &[], &[])).await,
                "Read-Secret" => ask(&job, question("read_secure", "Password", &[], &[])).await,
                other => panic!("no such command: {other}"),
            }
        })
    }

    fn guess(&self, guess: Guess) -> Pin<Box<dyn Future<Output = Vec<String>> + Send>> {
        Box::pin(async move { vec![format!("{} {} {}", guess.command, guess.parameter, guess.begun)] })
    }
}

/// Asks a question as the engine does: an answer is the output, a refusal the error.
async fn ask(job: &Job, mut question: Question) -> Result<Done, Error> {
    let (sender, answered) = oneshot::channel();
    question.answer = Box::new(|values| {
        let _ = sender.send(values);
    });
    let (kind, message) = (question.kind.clone(), question.message.clone());
    if job.wants.questions {
        let _ = job.events.send(JobEvent::Question(question)).await;
    } else {
        drop(question);
    }
    match answered.await {
        Ok(values) => Ok(output(&json!(values), &json!([]), json!({"count": 1}))),
        Err(_) => Err(Error::PromptBlocked {
            kind,
            caption: String::new(),
            message,
            fields: Vec::new(),
            output: Box::default(),
        }),
    }
}
