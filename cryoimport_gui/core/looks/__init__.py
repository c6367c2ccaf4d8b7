"""What a screen, a montage or a report shows of a plan, without Qt.

In: `ImportPlan`, or what it holds (`Exposures`, `Matching`).  Out: tiles, one particle in depth, one exposure with its
particles, the table of names, the maps and curves behind the verdict on poses.
The next thing to show: a module that returns arrays and words which a widget only has to draw.
"""
