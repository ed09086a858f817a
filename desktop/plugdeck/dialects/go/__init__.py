"""Go's own plugins (``go build -buildmode=plugin``), and the programs that open them."""

from plugdeck.dialects.go.facts import BuildInfo, GoBuildMode, GoFile, GoMethod, GoModule, GoSymbol
from plugdeck.dialects.go.reading import may_be_go, read_go_file

__all__ = ["BuildInfo", "GoBuildMode", "GoFile", "GoMethod", "GoModule", "GoSymbol", "may_be_go", "read_go_file"]
