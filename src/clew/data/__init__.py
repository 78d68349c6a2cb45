"""The first stage of the lifecycle: data. Facts added: the tables that everything else is made of.

For now it holds the data set of the demo (`clew.data.adult`).
"""
