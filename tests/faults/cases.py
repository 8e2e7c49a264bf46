"""The 30 cases of fault and abuse that the service must live through, and the tests that hold them.

Numbers and words are those of the page that the design was made from; a test checks that every test
named here exists. `python -m tests.faults.cases` prints the table.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that goes wrong, and what holds the service to its answer."""

    number: int
    what: str
    tests: tuple[str, ...] = ()
    """`file::test` below tests/."""
    why_not: str = ""
    """Why no test holds it, or what part of it no test can."""


KILLS = "faults/test_kills.py::test_"
PLACES = "faults/test_every_failpoint.py::test_"
STORE, TURNS = "jobs/test_store.py::test_", "jobs/test_turns.py::test_"
WORKERS, UPLOADS = "jobs/test_workers.py::test_", "jobs/test_blobs.py::test_"
WIRE, LIMITS = "rpc/test_blobs.py::test_", "rpc/test_limits.py::test_"
CROWDS, FILES = "rpc/test_crowds.py::test_", "rpc/test_hostile_files.py::test_"

CASES = (
    Case(1, "kill -9 at every failpoint, the same request again", (
        f"{PLACES}a_death_at_every_failpoint_loses_nothing",
    )),
    Case(2, "kill -9 of the worker, 25 times in one shot", (
        f"{KILLS}twenty_five_dead_workers_in_one_shot_cost_hardly_a_frame_twice",
        f"{WORKERS}a_shot_that_comes_further_each_time_is_no_poison",
        "engine/motion/test_resume.py::"
        "test_a_run_that_dies_at_every_step_and_every_frame_gives_the_same_bits",
    )),
    Case(3, "a worker that is stopped past its lease and goes on", (
        f"{WORKERS}a_worker_that_slept_past_its_lease_is_not_heard_any_more",
        f"{KILLS}a_worker_that_sleeps_past_its_lease_loses_its_job_for_good",
    )),
    Case(4, "a crash between the take's rename and the job's end", (
        f"{KILLS}a_take_that_lies_there_is_not_made_again",
        f"{TURNS}an_unfinished_publication_is_removed_when_nobody_can_be_at_it",
    )),
    Case(5, "a shot that kills each worker", (
        f"{KILLS}what_killed_its_worker_three_times_fails_and_the_queue_moves_on",
        f"{TURNS}a_job_that_loses_every_worker_fails_and_the_queue_moves_on",
    )),
    Case(6, "kill -9 during an upload, at random offsets", (
        "plugins/test_blobs.py::"
        "test_a_server_killed_at_random_offsets_of_an_upload_is_sent_hardly_a_byte_twice",
        f"{UPLOADS}a_kill_at_any_place_of_an_upload_loses_nothing_that_was_committed",
    )),
    Case(7, "wrong offsets of an upload", (
        f"{WIRE}a_wrong_offset_is_out_of_range_and_changes_nothing",
        f"{UPLOADS}a_wrong_offset_is_refused_and_the_file_is_unchanged",
    )),
    Case(8, "more bytes than declared, or others", (
        f"{WIRE}more_bytes_or_a_wrong_digest_are_refused_dropped_and_never_visible",
    )),
    Case(9, "two uploads of one blob at once", (
        f"{WIRE}two_clients_upload_the_same_blob_at_once_and_both_succeed",
        f"{UPLOADS}two_uploads_of_one_blob_at_once_leave_one_copy",
    )),
    Case(10, "a disk that is full in an upload", (
        "plugins/test_blobs.py::test_a_disk_that_fills_in_an_upload_drops_it_and_serves_the_others",
        f"{WIRE}a_full_disk_is_said_before_a_byte_is_written",
    )),
    Case(11, "a disk that is full in the job store", (
        "jobs/test_full_disk.py::test_jobs_are_refused_on_a_full_disk_and_taken_once_there_is_room",
        "jobs/test_full_disk.py::"
        "test_whatever_meets_the_end_of_the_file_is_as_if_it_had_not_been_asked",
    )),
    Case(12, "a store that is cut or has flipped bits", (
        f"{KILLS}a_damaged_store_is_refused_and_left_as_it_is",
        "jobs/test_migrate.py::test_a_damaged_file_is_refused_and_left_as_it_is",
    )),
    Case(13, "a blob with a flipped bit", (
        f"{WIRE}a_flipped_bit_is_data_loss_and_the_blob_is_asked_for_again",
    )),
    Case(14, "a clock that jumps by an hour", (
        f"{TURNS}a_jump_of_the_wall_clock_ends_no_lease",
        f"{TURNS}a_lease_of_an_earlier_process_is_void_whatever_the_clocks_say",
    )),
    Case(15, "a watch over a restart of the server", (
        f"{KILLS}a_watch_is_taken_up_where_it_was_by_the_shipped_client",
        f"{TURNS}what_ended_long_ago_is_forgotten_by_degrees_and_takes_never",
    )),
    Case(16, "a watcher who never reads", (
        f"{LIMITS}a_reader_who_does_not_read_costs_the_server_a_few_messages",
        f"{CROWDS}ten_minutes_of_events_wait_for_who_does_not_read_and_hold_nobody_up",
    ), "the events of ten minutes in seconds: what is held back is measured, not waited for"),
    Case(17, "a peer that hangs", (
        f"{LIMITS}a_peer_that_hangs_is_known_in_twenty_seconds_on_both_sides",
    ), "a stopped process stands for a network that swallows everything: no such rights here"),
    Case(18, "ten thousand connections, a thousand streams", (
        f"{CROWDS}ten_thousand_connections_that_say_nothing_keep_nobody_from_the_server",
        f"{LIMITS}a_thousand_watches_on_one_connection_leave_room_for_nobody_but_harm_nobody",
        f"{LIMITS}one_callers_streams_end_at_the_limit_and_anothers_go_on",
    )),
    Case(19, "an upload of a byte a second", (
        f"{WIRE}a_trickle_and_a_silence_are_aborted_and_may_go_on",
    )),
    Case(20, "SIGTERM with 3 running jobs and 20 watchers", (
        "rpc/test_drain.py::test_three_jobs_and_twenty_watchers_are_let_go_well",
    )),
    Case(21, "a stop in every state, and at the moment of the end", (
        f"{KILLS}a_job_is_stopped_within_two_seconds_and_leaves_nothing",
        f"{KILLS}of_a_stop_and_a_finish_at_once_one_wins",
        f"{WORKERS}a_stop_in_any_stage_is_quick_and_leaves_no_file",
    ), "that memory of a GPU is free again: the process that had it is gone, no GPU is here"),
    Case(22, "out of memory, an error of the device", (
        f"{WORKERS}a_shot_too_large_is_tried_once_more_with_less_memory_by_a_new_process",
        f"{WORKERS}a_shot_too_large_even_then_fails_and_the_next_one_is_made",
    ), "errors of CUDA are raised by name: no GPU is here"),
    Case(23, "a node of Ray that is killed", (), "there is no Ray yet: jobs run on one machine"),
    Case(24, "paths that lead elsewhere", (
        f"{FILES}no_path_in_a_request_leads_outside",
        f"{FILES}no_path_in_a_timeline_leads_outside",
    )),
    Case(25, "lists that are disguised as movies", (
        f"{FILES}no_list_disguised_as_a_movie_leads_anywhere",
        "test_house_rules.py::test_a_file_is_opened_with_ffmpeg_by_name_with_both_whitelists",
    )),
    Case(26, "timelines that are deep, endless or no numbers", (
        f"{FILES}no_timeline_takes_more_than_a_moment",
        f"{FILES}a_timeline_of_hundreds_of_megabytes_is_refused_unread",
        "timeline/formats/test_xml_tree.py::test_a_hostile_or_damaged_tree_is_refused",
        "jobs/test_reader.py::test_what_needs_too_much_memory_is_refused",
    ), "the second is of processor time: the machine may be busy"),
    Case(27, "bombs of pixels, seconds and streams", (
        f"{FILES}bombs_are_refused_by_their_headers",
        "rpc/test_serve.py::test_a_compressed_request_is_refused",
        "timeline/formats/test_bundle.py::test_a_name_that_leads_out_is_refused",
        "timeline/formats/test_bundle.py::"
        "test_a_bomb_is_refused_before_a_byte_of_it_is_unpacked",
    )),
    Case(28, "any bytes at every method", (
        "fuzz/test_wire.py::test_any_bytes_are_answered",
        "fuzz/test_wire.py::test_any_message_is_answered",
        "fuzz/test_wire.py::test_a_nest_of_messages_deeper_than_parsers_go_is_refused",
        "fuzz/test_wire.py::test_the_server_does_not_grow_by_what_is_thrown_at_it",
    )),
    Case(29, "every method without, with an old, with another's token", (
        "rpc/test_auth.py::test_no_method_answers_who_has_no_valid_token",
        "rpc/test_auth.py::test_no_method_answers_a_scope_that_is_too_low",
        "rpc/test_auth.py::test_another_tenants_token_finds_neither_jobs_nor_blobs",
    ), "Host and Origin belong to the bridge for browsers, which is not there yet"),
    Case(30, "secrets in logs, events, errors, command lines and the store", (
        "rpc/test_secrets.py::test_the_token_is_nowhere_that_the_server_writes_or_says",
        "rpc/test_secrets.py::test_what_callers_ask_for_is_in_no_log_and_on_no_command_line",
        "rpc/test_status.py::"
        "test_an_unexpected_error_becomes_an_id_and_its_text_stays_in_the_log",
    )),
)  # fmt: skip


def main() -> None:
    """Print the table."""
    for case in CASES:
        print(f"{case.number:2}  {case.what}")
        for test in case.tests:
            print(f"      tests/{test}")
        if case.why_not:
            print(f"      not here: {case.why_not}")


if __name__ == "__main__":
    main()
