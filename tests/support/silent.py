"""A reporter that says nothing, for those that listen to a part only."""


class Silent:
    """Listens to a run, and keeps nothing of it."""

    def started(self, run):
        """A run begins."""

    def phase(self, mapping, phase, total):
        """A phase begins."""

    def rows(self, mapping, results):
        """Rows have ended."""

    def left(self, mapping, left):
        """Keys have left."""

    def warned(self, mapping, message):
        """A warning."""

    def stalled(self, mapping, seconds):
        """The warehouse is slow."""

    def noticed(self, mapping, message):
        """Something good to know."""

    def estimated(self, mapping, estimate):
        """An estimate."""

    def finished(self, run):
        """The run is over."""

    def close(self):
        """Nothing to let go of."""
