//! The thresholds of `--goodput`.

/// Reads `metric:number` items that are separated by blanks, in one word.
///
/// A metric that comes twice keeps its first place and its last value. Whether a metric exists is
/// not checked here: the catalogue is not known to this crate.
pub(super) fn thresholds(text: &str) -> Result<Vec<(String, f64)>, String> {
    let mut thresholds: Vec<(String, f64)> = Vec::new();
    for item in text.split_whitespace() {
        let (metric, number) =
            item.split_once(':').filter(|(metric, _)| !metric.is_empty()).ok_or_else(|| {
                format!("`{item}` is not in the form `metric:number`; separate items by blanks inside one quoted word")
            })?;
        let threshold: f64 = number
            .parse()
            .map_err(|_| format!("the threshold of `{metric}` is not a number"))?;
        if !threshold.is_finite() {
            return Err(format!("the threshold of `{metric}` must be finite"));
        }
        match thresholds.iter_mut().find(|(known, _)| known == metric) {
            Some((_, earlier)) => *earlier = threshold,
            None => thresholds.push((metric.to_owned(), threshold)),
        }
    }
    if thresholds.is_empty() {
        return Err("expected `metric:number` items, such as `time_to_first_token:200 inter_token_latency:10`".into());
    }
    Ok(thresholds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_keep_their_order_and_a_later_one_wins() {
        let read = thresholds(" request_latency:250  inter_token_latency:1.5 request_latency:-1 ")
            .unwrap();
        assert_eq!(
            read,
            [
                ("request_latency".into(), -1.0),
                ("inter_token_latency".into(), 1.5)
            ]
        );
    }

    #[test]
    fn malformed_thresholds_are_refused() {
        for text in [
            "", "  ", "a", "a:b", "a:1,b:2", ":1", "a:nan", "a:inf", "a:",
        ] {
            assert!(thresholds(text).is_err(), "{text:?}");
        }
    }
}
