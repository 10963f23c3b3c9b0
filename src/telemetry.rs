//! Tracing: to rotating files and to the log pane. Secrets never reach it.
