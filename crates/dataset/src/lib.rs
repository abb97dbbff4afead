//! What to send: synthetic prompts and prompt files become conversations.
