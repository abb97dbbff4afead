//! The page: one file, whose data is compressed and unpacked by the browser.

use std::io::Write as _;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

const TEMPLATE: &str = include_str!("page.html");
const DATA: &str = "@DATA@";

/// The page that shows a tree.
pub(super) fn page(tree: &Value) -> Result<String> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&serde_json::to_vec(tree)?)?;
    Ok(TEMPLATE.replace(DATA, &STANDARD.encode(packed.finish()?)))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_page_holds_its_data_and_loads_nothing() {
        let tree = json!({"convs": [{"id": "</script>"}]});
        let page = page(&tree).unwrap();
        let data = page.split("type=\"text/plain\">").nth(1).unwrap();
        let data = data.split("</script>").next().unwrap();
        let mut text = String::new();
        GzDecoder::new(&STANDARD.decode(data).unwrap()[..])
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), tree);
        for loading in ["http:", "https:", "src=", "<link", "import("] {
            assert!(!TEMPLATE.contains(loading), "{loading}");
        }
        assert_eq!(TEMPLATE.matches(DATA).count(), 1);
    }
}
