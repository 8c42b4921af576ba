"""The recorder, on recordings that the tests write as Janus does."""
