//! An element tree over quick-xml, namespaces resolved: what both the EWS client and the simulator read replies and requests with.
