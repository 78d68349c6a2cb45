"""Where the points of a lineage graph stand: layered, from sources at the left to results.

The four steps of Sugiyama, Tagawa and Toda (*Methods for Visual Understanding of Hierarchical
System Structures*, 1981): `layers` gives each point a column, `order` its place in the column
(barycentres), `place` its height (least squares that keep the order), `draw` the lines. Pure
functions of a graph; nothing here knows what the points are.
"""
