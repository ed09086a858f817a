"""What keeps unanswered questions in sight while the user looks at something else."""

from __future__ import annotations

from plugdeck.trust.question import Question
from plugdeck.ui.trust.question_words import plugin_name

_MOST_NAMED = 3


def waiting_words(questions: tuple[Question, ...]) -> str:
    """``blur and edges wait for your answer. Nothing of them runs before that.``; empty for none."""
    if not questions:
        return ""
    names = [plugin_name(question) for question in questions[:_MOST_NAMED]]
    if (more := len(questions) - len(names)) > 0:
        names.append(f"{more} more")
    listed = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    wait, them = ("wait", "them") if len(questions) > 1 else ("waits", "it")
    return f"{listed} {wait} for your answer. Nothing of {them} runs before that."
