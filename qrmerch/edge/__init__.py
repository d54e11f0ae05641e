"""Printed codes answered by a plain web server in front: pages as files, its configuration, its log in our line."""
