"""A look at a whole history is taken once, however many judges ask for it."""

from harness.model.history import History


def test_a_look_is_taken_once_of_each_history():
    taken = []

    def look(history: History) -> int:
        taken.append(history)
        return len(taken)

    first, second = History(facts={"clock_offset_seconds": 1}), History()
    assert [first.once(look), first.once(look), second.once(look)] == [1, 1, 2]
    assert taken == [first, second]
