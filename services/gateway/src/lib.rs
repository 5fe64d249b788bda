//! HTTP, SSE and identity; a fold over everyone's events that decides nothing.
