//! Configurations to begin with: `aiperf config init`.

/// A configuration to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemplateFile {
    /// As it is asked for.
    pub name: &'static str,
    /// The file, whose first comment lines tell what it is.
    pub text: &'static str,
}

/// The headings of a list of templates, in their order.
pub const TEMPLATE_CATEGORIES: &[&str] = &[
    "Getting Started",
    "Load Testing",
    "Datasets",
    "Sweep & Multi-Run",
    "Advanced",
    "Multimodal",
    "Specialized Endpoints",
];

macro_rules! templates {
    ($($name:literal),+ $(,)?) => {
        /// All templates.
        pub const TEMPLATES: &[TemplateFile] = &[
            $(TemplateFile {
                name: $name,
                text: include_str!(concat!("../../templates/", $name, ".yaml")),
            }),+
        ];
    };
}

templates![
    "minimal",
    "warmup_profiling",
    "latency_test",
    "goodput_slo",
    "multi_url_load_balancing",
    "request_cancellation",
    "ramping",
    "time_based_soak",
    "fixed_schedule",
    "public_dataset",
    "multi_turn_conversation",
    "inline_dataset",
    "trace_replay",
    "scenario_workload_profiles",
    "speed_bench_sweep",
    "sweep_distributions",
    "sweep_with_plot",
    "multimodal_vision",
    "audio_multimodal",
    "embeddings",
    "long_context",
    "kv_cache_test",
    "env_var_production",
    "jinja2_variables",
    "user_files",
    "gpu_telemetry",
    "http_trace_metrics",
];

impl TemplateFile {
    /// What its first lines say about a thing: `title`, `description`, `category`, `tags`,
    /// `difficulty` or `features`. Empty where they say nothing.
    pub fn about(&self, thing: &str) -> &'static str {
        self.text
            .lines()
            .map_while(|line| line.strip_prefix("# "))
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| *name == thing)
            .map_or("", |(_, text)| text)
    }

    /// Whether a word occurs in what is said about it, whatever its case.
    pub fn mentions(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        ["title", "description", "category", "tags", "features"]
            .into_iter()
            .map(|thing| self.about(thing))
            .chain([self.name])
            .any(|text| text.to_lowercase().contains(&word))
    }

    /// The file with another model and another server, its comments kept.
    pub fn with(&self, model: Option<&str>, url: Option<&str>) -> String {
        let mut result = String::with_capacity(self.text.len());
        let mut in_urls = false;
        for line in self.text.lines() {
            let bare = line.trim_start();
            let indent = &line[..line.len() - bare.len()];
            if in_urls && bare.starts_with("- ") {
                continue;
            }
            in_urls = false;
            let replaced = match (model, url) {
                (Some(model), _) if bare.starts_with("model: ") && indent == "  " => {
                    Some(format!("{indent}model: {}", super::emit::scalar(model)))
                }
                (_, Some(url)) if bare.starts_with("url: ") && indent == "    " => {
                    Some(format!("{indent}url: {}", super::emit::scalar(url)))
                }
                (_, Some(url)) if bare == "urls:" && indent == "    " => {
                    in_urls = true;
                    let url = super::emit::scalar(url);
                    Some(format!("{indent}urls:\n{indent}  - {url}"))
                }
                _ => None,
            };
            result.push_str(replaced.as_deref().unwrap_or(line));
            result.push('\n');
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::super::Document;
    use super::*;

    #[test]
    fn every_template_is_a_valid_configuration_that_says_what_it_is() {
        for template in TEMPLATES {
            let name = template.name;
            assert!(template.text.starts_with("# @template\n"), "{name}");
            for thing in ["title", "description", "tags", "difficulty", "features"] {
                assert!(!template.about(thing).is_empty(), "{name}: {thing}");
            }
            let category = template.about("category");
            assert!(
                TEMPLATE_CATEGORIES.contains(&category),
                "{name}: {category}"
            );
            let read = Document::parse(template.text, &|_| None);
            assert!(read.is_ok(), "{name}: {}", read.unwrap_err());
            let changed = template.with(Some("other/model"), Some("http://other:1"));
            let read = Document::parse(&changed, &|_| None).unwrap();
            let body = read.dump_benchmark(super::super::Dump::Given);
            assert_eq!(body["models"]["items"][0]["name"], "other/model", "{name}");
            assert_eq!(
                body["endpoint"]["urls"],
                serde_json::json!(["http://other:1"]),
                "{name}"
            );
        }
    }

    #[test]
    fn templates_are_found_by_what_they_are_about() {
        let found: Vec<_> = TEMPLATES
            .iter()
            .filter(|template| template.mentions("GOODPUT"))
            .map(|template| template.name)
            .collect();
        assert_eq!(found, ["goodput_slo"]);
    }
}
