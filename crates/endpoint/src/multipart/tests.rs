use proptest::prelude::*;
use serde_json::json;

use super::*;

/// The wire body with the boundary replaced by `B`, after checking that the header names it.
fn readable(payload: &str) -> String {
    let body = encode(payload.as_bytes()).unwrap();
    let content_type = body.content_type.unwrap();
    let boundary = content_type
        .strip_prefix("multipart/form-data; boundary=")
        .unwrap();
    let text = String::from_utf8(body.bytes).unwrap();
    assert!(text.ends_with(&format!("--{boundary}--\r\n")), "{text}");
    text.replace(boundary, "B")
}

const TEXT: &str =
    "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name=";

#[test]
fn members_become_parts_in_their_order() {
    let payload = r#"{"prompt":"cät\n","n":1,"none":null,"yes":true,"no":false,"f":1.50,"big":18446744073709551617,"granularities":["word"],"options":{"a":"b"}}"#;
    let mut expected = String::new();
    for (name, content) in [
        ("prompt", "cät\n"),
        ("n", "1"),
        ("yes", "true"),
        ("no", "false"),
        ("f", "1.50"),
        ("big", "18446744073709551617"),
        ("granularities", r#"["word"]"#),
        ("options", r#"{"a":"b"}"#),
    ] {
        expected += &format!("--B\r\n{TEXT}\"{name}\"\r\n\r\n{content}\r\n");
    }
    assert_eq!(readable(payload), expected + "--B--\r\n");
    assert_eq!(readable("{}"), "--B--\r\n");
}

#[test]
fn an_object_with_base64_becomes_a_file() {
    assert_eq!(
        readable(
            r#"{"image":{"b64_data":"aGk=","filename":"image.png","content_type":"image/png"}}"#
        ),
        "--B\r\nContent-Type: image/png\r\nContent-Disposition: form-data; name=\"image\"; filename=\"image.png\"\r\n\r\nhi\r\n--B--\r\n"
    );
    assert_eq!(
        readable(r#"{"file":{"b64_data":""}}"#),
        "--B\r\nContent-Type: application/octet-stream\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\r\n\r\n--B--\r\n"
    );
    assert_eq!(
        readable(r#"{"o":{"b64_data":7}}"#),
        format!("--B\r\n{TEXT}\"o\"\r\n\r\n{{\"b64_data\":7}}\r\n--B--\r\n")
    );
}

#[test]
fn names_cannot_end_their_header() {
    let payload = json!({"a\"b\r\nc": "x", "f": {"b64_data": "", "filename": "x\"\r\ny"}});
    let text = readable(&payload.to_string());
    assert!(text.contains("name=\"a%22b%0D%0Ac\"\r\n\r\nx"), "{text}");
    assert!(text.contains("filename=\"x%22%0D%0Ay\"\r\n\r\n"), "{text}");
}

#[test]
fn payloads_that_cannot_be_sent_are_refused() {
    for (payload, what) in [
        ("[1]", "the payload is no JSON object"),
        ("", "the payload is no JSON object"),
        (
            r#"{"f":{"b64_data":"a b="}}"#,
            "`b64_data` of field `f` is no base64",
        ),
        (
            r#"{"f":{"b64_data":"aGk"}}"#,
            "`b64_data` of field `f` is no base64",
        ),
        (
            r#"{"f":{"b64_data":"","content_type":"a\r\nb"}}"#,
            "`content_type` of field `f`",
        ),
    ] {
        let error = encode(payload.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(what), "{payload}: {error}");
    }
}

#[test]
fn base64_whose_last_bits_are_not_zero_is_taken() {
    assert!(readable(r#"{"f":{"b64_data":"aGl="}}"#).contains("hi"));
}

#[test]
fn the_same_payload_gives_the_same_bytes() {
    let payload = br#"{"prompt":"cat"}"#;
    assert_eq!(encode(payload), encode(payload));
    let other = encode(br#"{"prompt":"dog"}"#).unwrap();
    assert_ne!(encode(payload).unwrap().content_type, other.content_type);
}

#[test]
fn a_boundary_that_a_part_holds_is_not_used() {
    let hash = |payload: &[u8]| format!("{:032x}", fnv1a(FNV_OFFSET, payload));
    let payload = b"{}";
    let part = |content: String| Part {
        head: String::new(),
        content: Cow::Owned(content.into_bytes()),
    };
    assert_eq!(boundary(payload, &[part("x".into())]), hash(payload));
    let next = hash(b"{}-");
    assert_eq!(boundary(payload, &[part(hash(payload))]), next);
    let both = format!("{} {next}", hash(payload));
    assert_eq!(boundary(payload, &[part(both)]), hash(b"{}--"));
}

#[test]
fn the_hash_is_fnv_1a() {
    // Test vectors of the hash's authors.
    assert_eq!(
        fnv1a(FNV_OFFSET, b""),
        0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
    );
    assert_eq!(
        fnv1a(FNV_OFFSET, b"a"),
        0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964
    );
}

#[test]
fn only_multipart_types_change_their_payload() {
    let payload = br#"{"prompt":"cat"}"#.to_vec();
    for capabilities in crate::Capabilities::all() {
        let body = wire_body(capabilities.endpoint_type, payload.clone()).unwrap();
        assert_eq!(
            body.content_type.is_some(),
            capabilities.multipart,
            "{}",
            capabilities.name
        );
        assert_eq!(
            body.bytes != payload,
            capabilities.multipart,
            "{}",
            capabilities.name
        );
    }
}

/// The parts of a body: what follows each header up to the next boundary.
fn contents(body: &WireBody) -> Vec<Vec<u8>> {
    let boundary = body
        .content_type
        .as_deref()
        .unwrap()
        .split_once('=')
        .unwrap()
        .1;
    let mut delimited = b"\r\n".to_vec();
    delimited.extend_from_slice(&body.bytes);
    let delimiter = format!("\r\n--{boundary}");
    let starts: Vec<usize> = memmem::find_iter(&delimited, &delimiter).collect();
    let parts = starts
        .windows(2)
        .map(|pair| &delimited[pair[0] + delimiter.len()..pair[1]]);
    parts
        .map(|part| {
            let head = memmem::find(part, b"\r\n\r\n").unwrap();
            part[head + 4..].to_vec()
        })
        .collect()
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(texts in prop::collection::vec(".*", 0..4), file in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut payload = serde_json::Map::new();
        for (index, text) in texts.iter().enumerate() {
            payload.insert(format!("k{index}"), text.as_str().into());
        }
        payload.insert("file".into(), json!({"b64_data": BASE64.encode(&file)}));
        let body = encode(serde_json::to_string(&payload).unwrap().as_bytes()).unwrap();
        let mut expected: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
        expected.push(file);
        prop_assert_eq!(contents(&body), expected);
    }

    #[test]
    fn no_payload_breaks_the_encoding(payload in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = encode(&payload);
    }
}
