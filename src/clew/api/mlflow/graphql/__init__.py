"""MLflow's GraphQL endpoint: one POST that asks for several things, in the shape it names.

Every field is answered by the handler of the REST call that it stands for, so both tell the same.
Needs the extra ``graphql``; a server without it says so.
"""

from clew.api.mlflow.graphql.answer import READER, answer

__all__ = ["READER", "answer"]
