"""Architecture search: cells as configurations, their isomorphisms, samplers that know graphs."""
