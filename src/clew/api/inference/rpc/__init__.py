"""The Open Inference Protocol over gRPC: the same models, batches and journal as over HTTP."""
