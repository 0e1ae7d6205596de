//! The functions of an engine, and how they run.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    pin::Pin,
    sync::Arc,
    task::{Context, Waker},
};

use futures_util::FutureExt as _;
use once_cell::sync::OnceCell;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use tokio::runtime::{Handle, Runtime};

use super::{
    command::{self, Command},
    context::FunctionContext,
    error::FunctionError,
};
use crate::{
    error::{Error, Result},
    host::{FunctionMessage, message::HostCommand},
    pool::{Caller, FunctionCall, Functions},
};

/// Threads for functions of an engine that was not built inside an asynchronous runtime.
const OWN_THREADS: usize = 2;
/// What has to be left of a script's stack for a function to begin on it: half of what its own thread would have.
const STACK: usize = 1 << 20;

type Running = Pin<Box<dyn Future<Output = Result<Vec<u8>, FunctionError>> + Send>>;
type Function = Arc<dyn Fn(FunctionContext, Box<RawValue>) -> Running + Send + Sync>;

/// Functions, by their names in lower case.
#[derive(Clone, Default)]
pub(in crate::engine) struct FunctionSet {
    functions: BTreeMap<String, Function>,
    commands: Vec<HostCommand>,
    /// What was wrong with one of them; told when the engine is built.
    problem: Option<String>,
}

impl std::fmt::Debug for FunctionSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.functions.keys()).finish()
    }
}

impl FunctionSet {
    pub(in crate::engine) fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// Commands that stand for functions.
    pub(in crate::engine) fn commands(&self) -> &[HostCommand] {
        &self.commands
    }

    pub(in crate::engine) fn add<A, R, F, Fut>(&mut self, name: String, function: F)
    where
        A: DeserializeOwned + Send + 'static,
        R: Serialize,
        F: Fn(FunctionContext, A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, FunctionError>> + Send + 'static,
    {
        self.insert(name, Arc::new(move |context, arguments| run(&function, context, arguments.get())));
    }

    pub(in crate::engine) fn add_command<A, R, F, Fut>(&mut self, name: String, function: F)
    where
        A: DeserializeOwned + JsonSchema + Send + 'static,
        R: Serialize,
        F: Fn(FunctionContext, A) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, FunctionError>> + Send + 'static,
    {
        let command = match Command::of::<A>(&name) {
            Ok(command) => command,
            Err(problem) => {
                self.problem.get_or_insert(problem);
                return;
            }
        };
        self.commands.push(HostCommand { name: name.clone(), definition: command.definition() });
        self.insert(
            name,
            Arc::new(move |context, arguments| match command::rename(&command, &arguments) {
                Ok(arguments) => run(&function, context, &arguments),
                Err(error) => Box::pin(std::future::ready(Err(error))),
            }),
        );
    }

    fn insert(&mut self, name: String, function: Function) {
        if name.is_empty() {
            self.problem.get_or_insert("a host function has no name".to_owned());
        } else if self.functions.insert(name.to_lowercase(), function).is_some() {
            self.problem.get_or_insert(format!("there are two host functions named '{name}'"));
        }
    }

    /// Makes them callable.
    ///
    /// # Errors
    /// [`Error::InvalidInvocation`] if one of them cannot be.
    pub(in crate::engine) fn callable(self) -> Result<Option<Arc<dyn Functions>>> {
        match self.problem {
            Some(problem) => Err(Error::InvalidInvocation(problem)),
            None if self.functions.is_empty() => Ok(None),
            None => Ok(Some(Arc::new(Callable { functions: self.functions, threads: Threads::new() }))),
        }
    }
}

/// Reads the arguments, runs the function, writes its result.
fn run<A, R, F, Fut>(function: &F, context: FunctionContext, arguments: &str) -> Running
where
    A: DeserializeOwned,
    R: Serialize,
    F: Fn(FunctionContext, A) -> Fut,
    Fut: Future<Output = Result<R, FunctionError>> + Send + 'static,
{
    match serde_json::from_str(arguments) {
        Ok(arguments) => {
            let running = function(context, arguments);
            Box::pin(async move { Ok(serde_json::to_vec(&running.await?)?) })
        }
        Err(error) => Box::pin(std::future::ready(Err(FunctionError::new(format!(
            "The arguments do not fit: {error}"
        ))
        .id("HostFunctionArguments")
        .category("InvalidArgument")))),
    }
}

struct Callable {
    functions: BTreeMap<String, Function>,
    threads: Threads,
}

impl Functions for Callable {
    fn call(&self, call: FunctionCall) {
        let caller = Arc::new(call.caller);
        let Some(function) = self.functions.get(&call.name.to_lowercase()) else {
            caller.end(FunctionMessage::Failed, &self.unknown(&call.name).to_json());
            return;
        };
        let function = Arc::clone(function);
        let without_input = call.input.is_closed();
        let begun = self.threads.begin(without_input, {
            let caller = Arc::clone(&caller);
            async move {
                let context = FunctionContext::new(Arc::clone(&caller), call.input);
                let cancelled = caller.cancelled().clone();
                let guarded = AssertUnwindSafe(async { function(context, call.arguments).await }).catch_unwind();
                tokio::select! {
                    biased;
                    () = cancelled.cancelled() => {}
                    outcome = guarded => finish(&caller, outcome.unwrap_or_else(|_| Err(panicked(&call.name)))).await,
                }
            }
        });
        if let Err(error) = begun {
            let error = FunctionError::new(format!("No thread for the host function: {error}"));
            caller.end(FunctionMessage::Failed, &error.to_json());
        }
    }
}

impl Callable {
    fn unknown(&self, name: &str) -> FunctionError {
        let names: Vec<&str> = self.functions.keys().map(String::as_str).collect();
        FunctionError::new(format!(
            "There is no host function named '{name}'. There are: {}.",
            names.join(", ")
        ))
        .id("HostFunctionNotFound")
        .category("ObjectNotFound")
        .target(name)
    }
}

fn panicked(name: &str) -> FunctionError {
    tracing::error!(name, "a host function panicked");
    FunctionError::new(format!(
        "The host function '{name}' failed inside (panic); the program's log has more."
    ))
    .id("HostFunctionPanicked")
    .category("NotSpecified")
}

/// Sends what the function returned: an array value by value, as PowerShell would, and nothing for null.
async fn finish(caller: &Caller, outcome: Result<Vec<u8>, FunctionError>) {
    match outcome {
        Err(error) => caller.end(FunctionMessage::Failed, &error.to_json()),
        Ok(json) => {
            match serde_json::from_slice::<Vec<Box<RawValue>>>(&json) {
                Ok(values) => {
                    for value in values {
                        if !caller.send(FunctionMessage::Value, value.get().as_bytes()).await {
                            return;
                        }
                    }
                }
                Err(_) if json == b"null" => {}
                Err(_) => {
                    caller.send(FunctionMessage::Value, &json).await;
                }
            }
            caller.end(FunctionMessage::Finished, b"null");
        }
    }
}

/// Where functions run: in the runtime that the engine was built in, else in one of their own.
struct Threads {
    given: Option<Handle>,
    own: OnceCell<Runtime>,
}

impl Threads {
    fn new() -> Self {
        Self { given: Handle::try_current().ok(), own: OnceCell::new() }
    }

    /// Runs work to its end. `here`: up to where it first waits on this thread, which waits for it anyway; a function that has what it
    /// needs wakes nobody then.
    fn begin(&self, here: bool, work: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
        let handle = self.handle()?;
        if !here || stacker::remaining_stack().is_none_or(|left| left < STACK) {
            handle.spawn(work);
            return Ok(());
        }
        let mut work = Box::pin(work);
        let finished = {
            let _entered = handle.enter();
            // Whoever takes over polls it again at once: nothing is lost with this waker.
            work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready()
        };
        if !finished {
            handle.spawn(work);
        }
        Ok(())
    }

    fn handle(&self) -> std::io::Result<&Handle> {
        if let Some(handle) = &self.given {
            return Ok(handle);
        }
        let own = self.own.get_or_try_init(|| {
            tokio::runtime::Builder::new_multi_thread()
                .worker_threads(OWN_THREADS)
                .thread_name("runspaced-functions")
                .enable_all()
                .build()
        })?;
        Ok(own.handle())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Waiting for it would block, which the thread that drops the engine may not be allowed to.
        if let Some(own) = self.own.take() {
            own.shutdown_background();
        }
    }
}
