"""The first stage of the lifecycle: data. Facts added: the tables that everything else is made of.

- `clew.data.schema`: what a table must look like, what is wrong with one, and what changed.
- `clew.data.dataflow`: tables from tables, on an embedded engine or on Spark, row by row.
- `clew.data.transforms`: frames to matrices and back, short series, bins, samples.
- `clew.data.repair`: values that are probably wrong, and what they should be.
- `clew.data.adult`: the data set of the demo.
"""
