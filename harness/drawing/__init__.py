"""Pure drawings of frozen values, as text and as SVG: what several reports and commands show alike."""
