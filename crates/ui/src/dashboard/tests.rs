use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::model::{SendingEnd, Snapshot};
use crate::test_run::{S, log_lines, metric, snapshot, unknown};
use crate::view::Key;

fn ring() -> LogRing {
    let mut ring = LogRing::default();
    log_lines().into_iter().for_each(|line| ring.push(line));
    ring
}

fn screen(size: (u16, u16), snapshot: &Snapshot, logs: &LogRing, view: &View) -> String {
    drawn(size, snapshot, logs, view).backend().to_string()
}

fn drawn(
    size: (u16, u16),
    snapshot: &Snapshot,
    logs: &LogRing,
    view: &View,
) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal
        .draw(|frame| draw(frame, snapshot, logs, view))
        .unwrap();
    terminal
}

fn pressed(keys: &[Key]) -> View {
    let mut view = View::default();
    for &key in keys {
        view.press(key, &ring());
    }
    view
}

#[test]
fn a_large_terminal_has_everything() {
    insta::assert_snapshot!(screen((170, 40), &snapshot(), &ring(), &View::default()));
}

#[test]
fn a_usual_terminal_has_fewer_columns_and_a_small_log() {
    insta::assert_snapshot!(screen((100, 24), &snapshot(), &ring(), &View::default()));
}

#[test]
fn a_narrow_terminal_has_the_progress_and_the_log() {
    insta::assert_snapshot!(screen((80, 24), &snapshot(), &ring(), &View::default()));
}

#[test]
fn a_tiny_terminal_has_what_fits() {
    insta::assert_snapshot!(screen((40, 12), &snapshot(), &ring(), &View::default()));
    // No size makes it fail.
    for width in [0, 1, 2, 5, 12, 91] {
        for height in [0, 1, 2, 3, 5, 17] {
            for focus in [None, Some('2'), Some('3'), Some('6')] {
                let view = pressed(&focus.map(Key::Char).into_iter().collect::<Vec<_>>());
                let size = (width, height);
                drawn(size, &snapshot(), &ring(), &view);
                drawn(size, &Snapshot::default(), &LogRing::default(), &view);
            }
        }
    }
}

#[test]
fn before_the_first_phase_the_log_has_the_screen() {
    let nothing = Snapshot::default();
    insta::assert_snapshot!(screen((80, 10), &nothing, &ring(), &View::default()));
    let view = pressed(&[Key::Char('l')]);
    let waiting = screen((100, 20), &nothing, &ring(), &view);
    assert!(waiting.contains("Waiting for profile data..."), "{waiting}");
    assert!(waiting.contains("No metrics available yet. Please wait..."));
}

#[test]
fn a_pane_can_have_the_screen() {
    let view = pressed(&[Key::Char('3')]);
    insta::assert_snapshot!(screen((110, 18), &snapshot(), &ring(), &view));
    let logs = screen((110, 18), &snapshot(), &ring(), &pressed(&[Key::Char('6')]));
    assert!(logs.contains("Application Logs") && !logs.contains("Real-Time Metrics"));
}

#[test]
fn a_grace_period_is_counted_by_what_has_returned() {
    let mut snapshot = snapshot();
    let phase = &mut snapshot.phases[1];
    phase.stop.requests = None;
    phase.stop.duration = Some(8 * S);
    phase.stop.grace = Some(30 * S);
    phase.sending_end = Some(SendingEnd {
        at: 108 * S,
        timed_out: true,
    });
    insta::assert_snapshot!(screen((60, 20), &snapshot, &ring(), &View::default()));
}

#[test]
fn when_all_answers_are_there_the_records_are_waited_for() {
    let mut snapshot = snapshot();
    let phase = &mut snapshot.phases[1];
    phase.counts.completed = 400;
    phase.counts.sent = 400;
    phase.requests_end = Some(109 * S);
    insta::assert_snapshot!(screen((60, 20), &snapshot, &ring(), &View::default()));
    snapshot.phases[1].records_end = Some(110 * S);
    let done = screen((60, 20), &snapshot, &ring(), &View::default());
    assert!(
        done.contains("Complete") && !done.contains("Records ETA"),
        "{done}"
    );
}

#[test]
fn metrics_stand_in_the_order_of_tables_and_hidden_ones_nowhere() {
    let mut snapshot = snapshot();
    snapshot.metrics = vec![
        unknown("num_running", 4.0),
        metric("http_req_blocked", 1.0),
        metric("request_latency", 10.0),
        metric("time_to_first_token", 5.0),
    ];
    let view = pressed(&[Key::Char('3')]);
    let shown = screen((110, 10), &snapshot, &ring(), &view);
    let place = |text: &str| shown.find(text);
    assert!(place("TTFT (ms)") < place("Req Latency (ms)"), "{shown}");
    assert!(place("Req Latency (ms)") < place("Server Running Requests (req)"));
    assert!(place("Server Running Requests (req)").is_some());
    assert!(!shown.contains("Blocked"), "{shown}");
}

#[test]
fn rows_that_do_not_fit_can_be_scrolled_to() {
    let view = pressed(&[Key::Char('3'), Key::End]);
    let shown = screen((110, 8), &snapshot(), &ring(), &view);
    assert!(!shown.contains("TTFT"), "{shown}");
    assert!(shown.contains("Requests"), "{shown}");
}

#[test]
fn long_messages_are_wrapped_below_their_beginning_and_cut_in_the_end() {
    let mut ring = ring();
    let mut line = log_lines().remove(2);
    line.message = "many words ".repeat(100);
    ring.push(line);
    let view = pressed(&[Key::Char('6')]);
    insta::assert_snapshot!(screen((100, 14), &snapshot(), &ring, &view));
    let narrow = screen((50, 20), &snapshot(), &ring, &view);
    assert!(narrow.contains("│ many words"), "{narrow}");
}

#[test]
fn a_log_that_is_scrolled_up_stays_where_it_is() {
    let mut logs = ring();
    let mut view = View::default();
    view.press(Key::Char('6'), &logs);
    view.press(Key::Up, &logs);
    view.press(Key::Up, &logs);
    for line in log_lines() {
        logs.push(line);
    }
    let shown = screen((110, 6), &snapshot(), &logs, &view);
    assert!(shown.contains("dataset: 100 conversations"), "{shown}");
    assert!(!shown.contains("the server is slow"), "{shown}");
}

#[test]
fn a_notice_stands_beside_the_keys_for_a_while() {
    let mut view = View::default();
    let mut snapshot = snapshot();
    view.tell("Copied 5 characters to the clipboard", snapshot.now);
    let shown = |snapshot: &Snapshot| screen((150, 20), snapshot, &ring(), &view);
    assert!(shown(&snapshot).contains("Copied 5 characters"));
    snapshot.now += 10 * S;
    assert!(!shown(&snapshot).contains("Copied"));
}
