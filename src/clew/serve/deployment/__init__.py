"""A deployment: an endpoint's name, the versions behind it, and who decides among them.

Adds deployments, decisions and rewards. What is configured (`config`) becomes a state with resolved
versions (`state`); `route` answers requests with it, `learn` keeps what the policy knows, `judge`
stops a canary that is worse, and `meter` counts.
"""
