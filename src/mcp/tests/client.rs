//! A server on a thread, and a client at its pipes.

use super::*;

fn core(executor: Arc<dyn Executor>, catalog: CatalogFeed, limits: CallLimits) -> Core {
    let policy = Policy::new(Mode::Write);
    Core { executor, catalog, policy, limits, extras: Arc::new(Extras::default()), audit: None }
}

pub(super) fn limits() -> CallLimits {
    CallLimits {
        deadline: HANG,
        long_deadline: HANG,
        calls: 8,
        task_after: Duration::from_millis(100),
        ..CallLimits::default()
    }
}

/// A server whose engine is never to be replaced.
pub(super) fn healthy(executor: Arc<Scripted>, catalog: CatalogFeed, limits: CallLimits) -> Parts {
    Parts::new(core(executor, catalog, limits), None, Arc::new(Patient(watch::Sender::new(None))))
}

pub(super) fn catalog() -> Catalog {
    let text =
        json!([{"name": "Text", "type": "string", "type_full_name": "System.String", "bindable": true}]);
    let names = [
        "Get-Big",
        "Get-Rows",
        "Wait-Long",
        "Wait-Short",
        "Get-Deadline",
        "Stop-Panic",
        "Write-Steps",
        "Write-Log",
        "Read-Name",
        "Read-Secret",
    ];
    let mut commands: Vec<_> = names.iter().map(|name| test_command(name, json!([]))).collect();
    commands.push(test_command("Get-Echo", text));
    Catalog::new(&commands).expect("a catalogue")
}

/// An engine whose health a test decides.
#[derive(Clone)]
pub(super) struct Patient(pub(super) watch::Sender<Option<Replacement>>);

impl Health for Patient {
    fn replacement(&self) -> Option<Replacement> {
        *self.0.borrow()
    }

    fn replacement_wanted(&self) -> Pin<Box<dyn Future<Output = Replacement> + Send + '_>> {
        Box::pin(async {
            let mut reasons = self.0.subscribe();
            let reason = reasons.wait_for(Option::is_some).await.ok().and_then(|reason| *reason);
            reason.expect("the test holds the sender")
        })
    }
}

/// The lines of a pipe.
pub(super) fn reading(pipe: io::PipeReader) -> Receiver<String> {
    let (line, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for text in io::BufReader::new(pipe).lines().map_while(Result::ok) {
            if line.send(text).is_err() {
                return;
            }
        }
    });
    lines
}

/// A server on a thread, and the client's ends of its pipes.
pub(in crate::mcp) struct Client {
    pub(super) input: Option<io::PipeWriter>,
    pub(super) lines: Option<Receiver<String>>,
    pub(super) server: JoinHandle<End>,
    pub(super) stop: Option<oneshot::Sender<()>>,
    pub(super) script: Arc<Script>,
    pub(super) catalog: watch::Sender<CatalogState>,
    pub(super) health: Patient,
}

impl Client {
    pub(in crate::mcp) fn new() -> Self {
        Self::with(limits(), CatalogState::Ready(Arc::new(catalog())))
    }

    pub(super) fn with(limits: CallLimits, state: CatalogState) -> Self {
        Self::patient(limits, Patience::default(), state)
    }

    pub(super) fn patient(limits: CallLimits, patience: Patience, state: CatalogState) -> Self {
        Self::governed(limits, patience, state, Policy::new(Mode::Write))
    }

    pub(super) fn governed(
        limits: CallLimits,
        patience: Patience,
        state: CatalogState,
        policy: Policy,
    ) -> Self {
        let (input, to_server) = io::pipe().expect("a pipe");
        let (from_server, output) = io::pipe().expect("a pipe");
        let streams = (File::from(OwnedFd::from(input)), File::from(OwnedFd::from(output)));
        let mut client = Self::over(limits, patience, (state, policy), None, streams);
        client.input = Some(to_server);
        client.lines = Some(reading(from_server));
        client
    }

    /// A server over two files whose other ends somebody else has.
    pub(super) fn over(
        limits: CallLimits,
        patience: Patience,
        (state, policy): (CatalogState, Policy),
        left: Option<StdioState>,
        streams: (File, File),
    ) -> Self {
        let script = Arc::new(Script::default());
        let commands = Arc::new(Scripted(Arc::clone(&script)));
        let executor = Arc::new(Routes::new(commands).native("sentinel".into(), Arc::new(Operations)));
        let sender = watch::Sender::new(state);
        let catalog = CatalogFeed::from(sender.clone());
        let (stop, stopped) = oneshot::channel::<()>();
        let health = Patient(watch::Sender::new(None));
        let sick = health.clone();
        let server = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let stop = async {
                if stopped.await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            runtime.block_on(async {
                let core = Core { policy, ..core(executor, catalog, limits) };
                let parts = Parts::new(core, Some(Instant::now()), Arc::new(sick));
                serve(&parts, patience, streams, left, stop).await.expect("served")
            })
        });
        Self { input: None, lines: None, server, stop: Some(stop), script, catalog: sender, health }
    }

    /// A client that has shaken hands.
    pub(in crate::mcp) fn connected() -> Self {
        let mut client = Self::new();
        client.initialize();
        client
    }

    /// One that has shaken hands with a server under this policy.
    pub(in crate::mcp) fn under(policy: Policy) -> Self {
        let state = CatalogState::Ready(Arc::new(catalog()));
        let mut client = Self::governed(limits(), Patience::default(), state, policy);
        client.initialize();
        client
    }

    pub(super) fn initialize(&mut self) -> Value {
        self.initialize_with(&json!({}))
    }

    pub(in crate::mcp) fn initialize_with(&mut self, capabilities: &Value) -> Value {
        self.send(json!({"id": "init", "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": capabilities, "clientInfo": {"name": "t", "version": "1"}}}));
        let answer = self.receive();
        self.send(json!({"method": "notifications/initialized"}));
        answer
    }

    pub(in crate::mcp) fn send(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        self.send_text(&message.to_string());
    }

    pub(super) fn send_text(&mut self, text: &str) {
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(b'\n');
        self.input.as_mut().expect("open").write_all(&bytes).expect("written");
    }

    pub(in crate::mcp) fn call(&mut self, id: impl Into<Value>, tool: &str, arguments: Value) {
        let id: Value = id.into();
        self.send(
            json!({"id": id, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}),
        );
    }

    pub(in crate::mcp) fn receive(&self) -> Value {
        let line = self.lines.as_ref().expect("open").recv_timeout(HANG).expect("an answer");
        serde_json::from_str(&line).expect("JSON")
    }

    /// What comes within a short time: nothing, if all is well.
    pub(super) fn silence(&self) -> bool {
        let next = self.lines.as_ref().expect("open").recv_timeout(Duration::from_millis(150));
        matches!(next, Err(RecvTimeoutError::Timeout))
    }

    pub(in crate::mcp) fn wait_for_running(&self, count: usize) {
        let end = Instant::now() + HANG;
        while self.script.running.load(Ordering::SeqCst) != count {
            assert!(Instant::now() < end, "{} jobs run", self.script.running.load(Ordering::SeqCst));
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Jobs that were begun.
    pub(in crate::mcp) fn started(&self) -> usize {
        self.script.started.load(Ordering::SeqCst)
    }

    /// Closes the input and waits for the end.
    pub(in crate::mcp) fn end(mut self) -> Cause {
        self.input = None;
        self.join()
    }

    pub(super) fn join(self) -> Cause {
        self.ended().cause
    }

    pub(super) fn ended(self) -> End {
        let end = Instant::now() + HANG;
        while !self.server.is_finished() {
            assert!(Instant::now() < end, "the server did not end");
            std::thread::sleep(Duration::from_millis(2));
        }
        self.server.join().expect("no panic")
    }
}

pub(super) fn modern(id: i64, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({"id": id, "method": method, "params": params})
}
