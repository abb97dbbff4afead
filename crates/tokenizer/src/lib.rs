//! Tokenizers: the built-in o200k_base, local files and Hugging Face names.
