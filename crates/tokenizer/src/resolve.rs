//! What a tokenizer's name means, and in which order the possibilities are tried.

use std::path::{Path, PathBuf};

use crate::error::TokenizerError;
use crate::hub::{self, HubEnvironment};
use crate::tokenizer::Tokenizer;

/// What the user asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizerChoice {
    /// `--tokenizer`.
    pub name: Option<String>,
    /// The model to be measured; its name is the tokenizer's where none is given.
    pub model: String,
    /// `--tokenizer-revision`: a branch, a tag or a commit.
    pub revision: String,
}

impl TokenizerChoice {
    /// The tokenizer that belongs to a model, at its main revision.
    pub fn of_model(model: impl Into<String>) -> Self {
        Self {
            name: None,
            model: model.into(),
            revision: "main".to_owned(),
        }
    }

    /// A named tokenizer, at its main revision.
    pub fn named(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            model: name.clone(),
            name: Some(name),
            revision: "main".to_owned(),
        }
    }
}

/// A tokenizer, and what the choice came to.
#[derive(Debug, Clone)]
pub struct ResolvedTokenizer {
    /// `builtin`, an encoding's name, a path, or the full Hugging Face name.
    pub name: String,
    /// Ready for use.
    pub tokenizer: Tokenizer,
    /// Something the user should know, for the caller to log once.
    pub notice: Option<String>,
}

/// Finds and loads a tokenizer: an encoding inside the program, a local path, the Hugging Face
/// cache, the Hugging Face hub, in this order. A model name that is evidently invented means the
/// built-in one.
pub fn resolve(
    choice: &TokenizerChoice,
    environment: &HubEnvironment,
) -> Result<ResolvedTokenizer, TokenizerError> {
    let name = choice.name.as_deref().unwrap_or(&choice.model);
    if let Some(tokenizer) = Tokenizer::from_encoding_name(name) {
        return Ok(ResolvedTokenizer {
            name: name.to_owned(),
            tokenizer,
            notice: None,
        });
    }
    if choice.name.is_none() && is_placeholder_model(name) {
        return Ok(ResolvedTokenizer {
            name: "builtin".to_owned(),
            tokenizer: Tokenizer::builtin(),
            notice: Some(format!(
                "model name `{name}` looks like a placeholder, so tokens are counted with the \
                 built-in tokenizer (o200k_base); name another with `--tokenizer`"
            )),
        });
    }
    if let Some(path) = local_path(name, environment) {
        if !path.exists() {
            return Err(TokenizerError::PathMissing { path });
        }
        let tokenizer = Tokenizer::from_path(&path)?;
        return Ok(ResolvedTokenizer {
            name: name.to_owned(),
            tokenizer,
            notice: None,
        });
    }
    let repository = hub::fetch(name, &choice.revision, environment)?;
    let notice = (repository.name != name).then(|| {
        format!(
            "tokenizer `{name}` is taken to mean `{}`, found in the cache",
            repository.name
        )
    });
    let tokenizer = Tokenizer::from_path(&repository.snapshot)?;
    Ok(ResolvedTokenizer {
        name: repository.name,
        tokenizer,
        notice,
    })
}

/// Whether a model name is evidently invented, as in a test against a mock server. Names with a
/// path or an organisation never are. The parts may stand anywhere, so `dummy-model`, which
/// contains `my-model`, is one.
pub fn is_placeholder_model(name: &str) -> bool {
    const WHOLE_NAMES: [&str; 7] = [
        "test",
        "mock",
        "fake",
        "dummy",
        "example",
        "sample",
        "placeholder",
    ];
    const PARTS: [&str; 9] = [
        "mock-",
        "-mock",
        "fake-",
        "-fake",
        "test-model",
        "your-model",
        "my-model",
        "model-name",
        "model-id",
    ];
    if name.contains(['/', '\\']) || name.starts_with(['.', '~']) {
        return false;
    }
    let name = name.to_lowercase().replace('_', "-");
    WHOLE_NAMES.contains(&name.as_str()) || PARTS.iter().any(|part| name.contains(part))
}

/// The path that a name stands for, if it is meant as one.
fn local_path(name: &str, environment: &HubEnvironment) -> Option<PathBuf> {
    if let Some(below_home) = name.strip_prefix("~/") {
        return environment.home.as_ref().map(|home| home.join(below_home));
    }
    let path = Path::new(name);
    let is_local = path.is_absolute()
        || name.starts_with("./")
        || name.starts_with("../")
        || path.is_dir()
        || (name.ends_with(".json") && path.is_file());
    is_local.then(|| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixture_folder;

    fn nowhere() -> HubEnvironment {
        HubEnvironment::from_lookup(&|name| match name {
            "HF_HOME" => Some("/nonexistent/hub".to_owned()),
            "HF_HUB_OFFLINE" => Some("1".to_owned()),
            "HOME" => Some(fixture_folder().parent().unwrap().display().to_string()),
            _ => None,
        })
    }

    fn name_of(choice: &TokenizerChoice) -> String {
        resolve(choice, &nowhere()).unwrap().name
    }

    #[test]
    fn placeholders_are_told_from_model_names() {
        for name in [
            "test",
            "dummy-model",
            "Mock",
            "fake_llm",
            "a-mock",
            "TEST_MODEL",
            "my-model-7b",
            "the-model-id",
        ] {
            assert!(is_placeholder_model(name), "{name}");
        }
        for name in [
            "llama-test",
            "mockingbird",
            "org/test-model",
            "./mock",
            "~test",
            "gpt2",
            "a\\mock-",
            "",
        ] {
            assert!(!is_placeholder_model(name), "{name}");
        }
    }

    #[test]
    fn a_placeholder_model_means_the_builtin_with_a_notice() {
        let resolved = resolve(&TokenizerChoice::of_model("mock-llm"), &nowhere()).unwrap();
        assert_eq!(resolved.name, "builtin");
        assert!(resolved.notice.unwrap().contains("`mock-llm`"));
    }

    #[test]
    fn a_placeholder_as_an_explicit_tokenizer_is_looked_for() {
        assert!(resolve(&TokenizerChoice::named("mock-llm"), &nowhere()).is_err());
    }

    #[test]
    fn encoding_names_need_neither_files_nor_network() {
        for name in [
            "builtin",
            "o200k_base",
            "o200k_harmony",
            "cl100k_base",
            "p50k_base",
            "p50k_edit",
            "r50k_base",
        ] {
            assert_eq!(name_of(&TokenizerChoice::named(name)), name);
        }
        assert!(resolve(&TokenizerChoice::named("gpt2"), &nowhere()).is_err());
    }

    #[test]
    fn paths_are_loaded_from_disk() {
        let folder = fixture_folder();
        for path in [
            folder.display().to_string(),
            format!("{}/tokenizer.json", folder.display()),
        ] {
            assert_eq!(name_of(&TokenizerChoice::named(path.clone())), path);
        }
        assert_eq!(
            name_of(&TokenizerChoice::named("./tests/data/tiny")),
            "./tests/data/tiny"
        );
        assert_eq!(
            name_of(&TokenizerChoice::of_model("tests/data/tiny")),
            "tests/data/tiny"
        );
        assert_eq!(name_of(&TokenizerChoice::named("~/tiny")), "~/tiny");
    }

    #[test]
    fn a_missing_path_is_not_searched_on_the_hub() {
        let error = resolve(&TokenizerChoice::named("./no/such/folder"), &nowhere()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "tokenizer `./no/such/folder` does not exist"
        );
    }

    #[test]
    fn offline_without_a_cached_copy_says_where_it_looked() {
        let error = resolve(&TokenizerChoice::of_model("org/name"), &nowhere()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "tokenizer `org/name` (revision `main`) is not in the cache `/nonexistent/hub/hub` and \
             offline mode is on"
        );
    }
}
