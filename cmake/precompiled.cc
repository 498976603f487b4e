// SPDX-License-Identifier: Apache-2.0
// Nothing: its target exists for the headers that are compiled ahead (MadangPrecompiled.cmake).
